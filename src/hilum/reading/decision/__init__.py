"""Whether a model may decide on a radiograph."""
