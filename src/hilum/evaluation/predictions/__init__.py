"""What a model said of a set of images, and what is drawn from it by patient."""
