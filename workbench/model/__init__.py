"""The types that travel through the workbench, each in the module named after it."""
