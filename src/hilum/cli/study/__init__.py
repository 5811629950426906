"""`hilum study`."""
