"""What the model must be better than, and what it is worth without a part of its input."""
