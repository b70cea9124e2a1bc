"""The built-in drive, corrected through both services; the pictures of it; and the local stack."""
