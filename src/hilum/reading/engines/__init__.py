"""Inference engines, and graphs that run on them."""
