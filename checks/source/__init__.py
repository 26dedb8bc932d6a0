"""Checks of the area sockets."""
