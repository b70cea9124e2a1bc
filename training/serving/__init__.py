"""Bundles at work: both services as processes, or both halves in this process."""
