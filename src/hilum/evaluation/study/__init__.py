"""A study declared as data and read back: its arms, folds, published table, claims, tables, figures and page."""
