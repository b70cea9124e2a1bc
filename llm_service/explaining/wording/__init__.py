"""How claims are put into words, and read from them."""
