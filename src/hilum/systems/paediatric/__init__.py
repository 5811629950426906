"""Ten labels in children's chests (Tran et al. 2021): losses for rare labels, starts from adults, and their studies."""
