"""The only code that looks at the machine. It reads; it never writes, never runs what is configured."""
