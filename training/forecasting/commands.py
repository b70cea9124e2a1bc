"""`python -m training forecast`."""

from pathlib import Path
from typing import Annotated

import typer

from training.forecasting.settings import ForecastTraining
from waymend.errors import InvalidField


def forecast(
    data: Annotated[Path, typer.Option(help="Correction samples, which `data build` wrote.")],
    perception: Annotated[Path, typer.Option(help="Perception half whose vector encoder is taught.")],
    out: Annotated[Path, typer.Option(help="New directory of the perception half.")],
    steps: Annotated[int, typer.Option(help="Optimizer steps.")] = 6000,
    batch_size: Annotated[int, typer.Option(help="Key frames per step.")] = 64,
    lr: Annotated[float, typer.Option(help="Highest learning rate.")] = 1e-3,
    seed: Annotated[int, typer.Option(min=0, help="Of weights and order.")] = 7,
    stop_line_dropout: Annotated[
        float, typer.Option(min=0, max=1, help="Share of the scenes whose stop lines are not told.")
    ] = 0.0,
) -> None:
    """Trains the vector encoder to foretell the vehicle's way, so that its tokens have something to say."""
    from training.forecasting.train import train_forecast

    try:
        result = train_forecast(ForecastTraining(data, perception, out, steps, batch_size, lr, seed, stop_line_dropout))
    except (InvalidField, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{result.directory}: val error {result.error_m:.3f} m, CTRA's {result.ctra_error_m:.3f} m")
