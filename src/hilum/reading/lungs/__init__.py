"""The lungs of a chest: drawn, boxed, and trusted or not."""
