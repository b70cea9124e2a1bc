"""Drives made from a description: streets, traffic with exact motion, and the frames that sensors see of them."""
