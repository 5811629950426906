"""What a recipe is made of."""
