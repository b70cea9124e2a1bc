"""Teaches the vector encoder to foretell where the vehicle will go, before a language model reads its tokens."""
