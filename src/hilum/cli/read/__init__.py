"""`hilum read`."""
