"""Whether a picture may be read, and as what."""
