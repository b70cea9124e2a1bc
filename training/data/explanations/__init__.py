"""Conversations about corrections: requests in varied words, and short true sentences as answers."""
