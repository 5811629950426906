"""Fourteen findings in frontal chests: paper 5's third module, and a small local demonstration of it."""
