"""From a stage directory to a bundle that both services load."""
