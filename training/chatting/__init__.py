"""A conversation with a trained model in the terminal: a scene, a proposal, its correction, and questions about it."""
