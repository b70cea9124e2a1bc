"""The built-in tiny bundle: every part real and small."""
