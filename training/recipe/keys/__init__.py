"""The keys of a recipe, by the part that they configure."""
