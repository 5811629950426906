"""Fourteen findings in adult chests: the specialist that ships, its study, and the rule by which a label may speak."""
