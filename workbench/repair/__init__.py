"""The only code that changes the machine: prepare, journal, apply, verify, roll back, undo."""
