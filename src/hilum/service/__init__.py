"""`hilum serve`: readings for many people and machines, from a table of jobs that loses nothing it accepted."""
