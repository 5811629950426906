"""The gate: radiograph or not, and of what (the first two modules of Urinbayev et al. 2020)."""
