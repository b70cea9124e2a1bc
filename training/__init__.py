"""Data sets, rendering and training for Waymend bundles."""
