"""What is true of a situation."""
