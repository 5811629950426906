"""What reads findings: one file for each kind."""
