"""Checks of the area sudoers."""
