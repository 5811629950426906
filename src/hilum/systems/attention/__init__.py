"""A network of the picture that sends another to a part of it, and their fusion with age, sex and view (Pun et al.)."""
