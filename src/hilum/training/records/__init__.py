"""What a run leaves behind of itself: its folder, its record, its provenance."""
