"""What the systems that are trained on ChestX-ray14 share."""
