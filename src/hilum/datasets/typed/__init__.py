"""Releases that tell what a picture is, not what was found on it: a gate learns from them."""
