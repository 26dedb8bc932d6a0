"""Fixes of the area systemd."""
