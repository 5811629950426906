"""Fourteen findings in frontal chests: the third module of Urinbayev et al. 2020, and a small demonstration of it."""
