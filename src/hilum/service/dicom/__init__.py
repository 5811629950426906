"""The hospital's network: images come in by C-STORE, are read, and their objects go out to archives."""
