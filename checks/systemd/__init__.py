"""Checks of the area systemd."""
