"""A classifier of one's own images: labels from their table, and a card that tells of nothing else."""
