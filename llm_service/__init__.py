"""Scene tokens and a proposed trajectory to a corrected one: FastAPI over vLLM."""
