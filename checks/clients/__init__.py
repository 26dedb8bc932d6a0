"""Checks of the area clients."""
