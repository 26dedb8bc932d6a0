"""Fixes of the area secrets."""
