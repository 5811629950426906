"""One folder for each published system, and the table by which commands find them."""
