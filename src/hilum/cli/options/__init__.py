"""Options that several commands share, one a file."""
