"""Fixes of the area audit."""
