"""How several models did on the same images, and what their differences show."""
