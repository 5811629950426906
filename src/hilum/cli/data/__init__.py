"""`hilum data`."""
