"""From a source to what networks take, ahead of them."""
