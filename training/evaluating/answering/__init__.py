"""Who answers the cases: both services, both halves in this process, or the model through transformers."""
