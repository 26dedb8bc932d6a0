"""What somebody accepted, with a reason and until a date: read, applied between scan and grade, and written."""
