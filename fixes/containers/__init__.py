"""Fixes of the area containers."""
