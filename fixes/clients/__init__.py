"""Fixes of the area clients."""
