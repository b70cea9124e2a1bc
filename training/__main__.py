"""`python -m training`: everything that makes bundles and data."""

from pathlib import Path
from typing import Annotated

import typer

from training.chatting.commands import chat
from training.data import commands as data_commands
from training.evaluating.commands import controls, evaluate
from training.exporting.commands import export
from training.forecasting.commands import forecast
from training.motion.commands import motion
from training.perceiving.commands import perception
from training.running.commands import plot, train

app = typer.Typer(no_args_is_help=True, help="Makes bundles and data for both services.")
app.add_typer(data_commands.app, name="data")
for command in (perception, forecast, motion, train, plot, controls, export, chat):
    app.command()(command)
app.command("eval")(evaluate)


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
    from training.tiny.bundle import write_tiny_bundle

    manifest = write_tiny_bundle(out, seed, preset)
    typer.echo(f"{out}: {manifest.name} {manifest.version}, contract id {manifest.contract_id}")


@app.command()
def replace_perception(
    perception: Annotated[Path, typer.Option(help="Directory that `perception-service convert` wrote.")],
    out: Annotated[Path, typer.Option(help="Directory of the new bundle; must not exist.")],
    bundle: Annotated[Path, typer.Option(help="Bundle that gives the language model.")] = Path("bundles/tiny"),
    name: Annotated[str, typer.Option(help="Of the new bundle.")] = "waymend-official-perception",
    version: Annotated[str, typer.Option(help="Of the new bundle.")] = "0.1.0",
) -> None:
    """Writes a bundle with another perception half, such as a converted checkpoint."""
    from training.perception_half import replace_perception as write_bundle
    from waymend.bundle import BundleError
    from waymend.errors import InvalidField

    try:
        manifest = write_bundle(bundle, perception, out, name, version)
    except (BundleError, InvalidField, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{out}: {manifest.name} {manifest.version}, contract id {manifest.contract_id}")


app()
