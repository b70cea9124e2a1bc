"""What is staged around the ego vehicle, and whether it came to pass."""
