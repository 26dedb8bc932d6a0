"""Checks of the area containers."""
