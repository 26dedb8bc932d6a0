"""Fixes of the area files."""
