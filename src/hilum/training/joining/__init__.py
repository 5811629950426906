"""Bundles that exist, joined into one of kind ensemble: their graphs, their weights and the card."""
