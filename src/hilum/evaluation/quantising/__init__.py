"""A bundle's network in 8-bit integers: made, judged beside float32, and kept only if it may be."""
