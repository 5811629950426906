"""Heatmaps beside boxes that somebody drew: how they overlap, where they point, and what else explains as much."""
