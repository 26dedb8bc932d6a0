"""The MCP hardening workbench: look at the live machine, grade it, repair it."""

__version__ = "0.1.0"
