"""A validation of children who are unlike those learnt from in sharpness, and the recipes that are tried on it."""
