"""`python -m perception_service`."""

from perception_service.cli import app

app()
