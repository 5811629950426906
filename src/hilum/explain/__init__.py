"""Class maps in closed form, and from a map to a mask to a box: arrays in, arrays out."""
