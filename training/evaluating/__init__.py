"""What a bundle's corrections are worth: metrics before and after, beside controls, on any proposals."""
