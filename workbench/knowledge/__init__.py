"""What is publicly known of flawed and malicious server packages: a dated list that is shipped with the workbench."""
