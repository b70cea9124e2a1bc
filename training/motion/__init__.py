"""`training motion`: a network that corrects plans by the vehicle's motion alone, and rows that such networks read."""
