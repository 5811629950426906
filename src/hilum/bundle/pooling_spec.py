"""How a model that averages its features inside the lungs takes them, and its card's part of that."""

WIDEN = 0.02
"""The usual share of the picture's side by which lungs are widened before features are averaged inside them."""

LARGEST_WIDENING = 0.5
"""Wider than this, nothing is left outside the lungs."""
