"""`python -m training motion`."""

from pathlib import Path
from typing import Annotated

import typer

from training.motion.settings import MotionTraining
from waymend.errors import InvalidField


def motion(
    data: Annotated[list[Path], typer.Option(help="Correction samples, which `data build` wrote; may be repeated.")],
    out: Annotated[Path, typer.Option(help="New directory of the motion prior.")],
    steps: Annotated[int, typer.Option(help="Most optimizer steps.")] = 4000,
    further_plans: Annotated[int, typer.Option(help="Plans drawn about each key frame.")] = 24,
    seed: Annotated[int, typer.Option(min=0, help="Of weights, batches and plans.")] = 7,
    perception: Annotated[
        Path | None, typer.Option(help="Perception half whose first vector token is read too, as of a finished stage.")
    ] = None,
    stop_line_dropout: Annotated[
        float, typer.Option(min=0, max=1, help="Share of the scenes whose stop lines are not told.")
    ] = 0.0,
) -> None:
    """Trains small networks that correct plans by the vehicle's motion: `motion_prior` of a recipe."""
    from training.motion.train import train_motion_prior

    try:
        result = train_motion_prior(
            MotionTraining(tuple(data), out, steps, further_plans, seed, perception, stop_line_dropout)
        )
    except (InvalidField, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    typer.echo(
        f"{result.directory}: error {result.error_m:.3f} m on held-back scenes, plans {result.plan_error_m:.3f} m"
    )
