"""The steps, one a file, each after the one that it names."""
