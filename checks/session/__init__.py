"""Checks of the area session."""
