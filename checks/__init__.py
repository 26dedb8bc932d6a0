"""Every check, one module each; the path is the id."""
