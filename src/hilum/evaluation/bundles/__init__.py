"""A bundle on a part of the data: read, judged, and written into the ledger."""
