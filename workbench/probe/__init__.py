"""Ask a live socket whether it looks at who connects: real connections, made when asked for and never by a scan."""
