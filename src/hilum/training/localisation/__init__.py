"""Maps of trained networks by gradients and by asking again, and what becomes of them where networks are random."""
