"""What a reading is in Python: asked by name, made a table, drawn, saved."""
