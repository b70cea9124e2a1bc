"""Models of the perception service."""
