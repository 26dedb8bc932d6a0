"""Fixes of the area source."""
