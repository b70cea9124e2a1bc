"""`python -m training train` and `plot`."""

from pathlib import Path
from typing import Annotated

import typer

from waymend.errors import InvalidField


def train(
    config: Annotated[Path, typer.Argument(help="YAML file of the run.")],
    overrides: Annotated[list[str] | None, typer.Argument(help="Keys that rule over the file: key=value.")] = None,
) -> None:
    """Trains a stage; start it with torchrun for several processes."""
    from llm_service.checkpoint import CheckpointError
    from training.recipe.reading import read_recipe
    from training.running.train import train as run

    try:
        result = run(read_recipe(config, overrides or ()))
    except (InvalidField, CheckpointError, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{result.directory}: {result.steps} steps, mean loss {result.train_loss:.4g}")


def plot(run: Annotated[Path, typer.Argument(help="Directory of a run.")]) -> None:
    """Draws the loss and its terms over the steps of a run."""
    from training.running.plot import plot_run

    try:
        typer.echo(f"{plot_run(run)}")
    except (InvalidField, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
