"""The trajectory Llama: configuration, heads, and one model each for training (transformers) and serving (vLLM)."""
