"""The lungs of a chest: the network that draws them."""
