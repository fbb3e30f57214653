"""The tools that only a review of a recipe has."""
