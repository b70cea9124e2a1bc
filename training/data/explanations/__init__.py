"""Short true sentences about a correction: made from what differs, and checked against the scene."""
