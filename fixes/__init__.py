"""Every fix, one module each; the path is the id."""
