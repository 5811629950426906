"""What trains: the names, and behind each its command."""
