"""The lungs' study: how well masks and boxes fit annotations, and which drawings to trust."""
