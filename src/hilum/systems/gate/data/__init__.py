"""What the gate learns from."""
