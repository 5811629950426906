"""The record of one image, and what adapters read it with."""
