"""`python -m llm_service`."""

from llm_service.cli import app

app()
