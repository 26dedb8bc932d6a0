"""Checks of the area processes."""
