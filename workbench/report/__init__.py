"""A Report for people (text) and for programs (JSON with a published schema)."""
