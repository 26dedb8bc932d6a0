"""Fixes of the area sockets."""
