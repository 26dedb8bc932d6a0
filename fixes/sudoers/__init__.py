"""Fixes of the area sudoers."""
