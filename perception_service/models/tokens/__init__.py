"""Makers of the small token sets that the language model reads."""
