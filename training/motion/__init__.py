"""`training motion`: fits networks that correct plans by the vehicle's motion alone."""
