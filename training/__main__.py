"""`python -m training`: everything that makes bundles and data."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Makes bundles and data for both services.")


@app.callback()
def main() -> None:
    """Keeps every command named."""


@app.command()
def tiny_bundle(
    out: Annotated[Path, typer.Option(help="Directory of the bundle; replaced where it exists.")],
    seed: Annotated[int, typer.Option(help="Seed of the random weights.")] = 0,
    preset: Annotated[str, typer.Option(help="Perception preset: tiny or small.")] = "tiny",
) -> None:
    """Writes the tiny untrained bundle."""
    from training.tiny_bundle import write_tiny_bundle

    manifest = write_tiny_bundle(out, seed, preset)
    typer.echo(f"{out}: {manifest.name} {manifest.version}, contract id {manifest.contract_id}")


app()
