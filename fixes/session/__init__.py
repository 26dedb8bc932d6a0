"""Fixes of the area session."""
