"""The gate: radiograph or not, and of what (paper 5's first two modules)."""
