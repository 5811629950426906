"""Splits by patient: made, saved, and free of pictures that stand in two parts."""
