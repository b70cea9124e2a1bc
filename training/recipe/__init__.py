"""Recipes: one YAML file per run, typed, with the key names of LLaMA-Factory. Start at `reading.read_recipe`."""
