"""Picture formats: told apart, checked before anything is decoded, and decoded."""
