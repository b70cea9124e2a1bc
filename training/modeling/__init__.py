"""The corrector as it is trained: perception and language model in one module, its losses, and its stages on disk."""
