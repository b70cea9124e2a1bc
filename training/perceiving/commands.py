"""`python -m training perception`."""

from pathlib import Path
from typing import Annotated

import typer

from training.perceiving.settings import PerceptionTraining, Precision
from waymend.errors import InvalidField


def perception(
    data: Annotated[Path, typer.Option(help="Correction samples, which `data build` wrote.")],
    out: Annotated[Path, typer.Option(help="New directory of the perception half.")],
    preset: Annotated[str, typer.Option(help="Perception preset, or a directory with config.json.")] = "tiny",
    steps: Annotated[int | None, typer.Option(help="Optimizer steps; or give --minutes.")] = None,
    minutes: Annotated[float | None, typer.Option(help="How long to train; or give --steps.")] = None,
    batch_size: Annotated[int, typer.Option(help="Key frames per step.")] = 4,
    lr: Annotated[float, typer.Option(help="Highest learning rate.")] = 2e-3,
    seed: Annotated[int, typer.Option(min=0, help="Of weights and order.")] = 7,
    device: Annotated[str, typer.Option(help="Such as cpu or cuda.")] = "cpu",
    precision: Annotated[
        Precision, typer.Option(help="auto: bfloat16 where the device is quick at it.")
    ] = Precision.AUTO,
    sweeps: Annotated[int, typer.Option(help="LiDAR sweeps that are merged, where there are so many.")] = 10,
    workers: Annotated[int, typer.Option(help="Processes that read frames ahead.")] = 1,
    save_every: Annotated[int, typer.Option(help="Steps between checkpoints.")] = 200,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the checkpoint in --out.")] = False,
) -> None:
    """Trains BEVFusion, so that its tokens have something to say."""
    from training.perceiving.train import train_perception

    try:
        settings = PerceptionTraining(
            data=data,
            out=out,
            preset=preset,
            steps=steps,
            minutes=minutes,
            batch_size=batch_size,
            learning_rate=lr,
            seed=seed,
            device=device,
            precision=precision,
            sweeps=sweeps,
            workers=workers,
            save_every=save_every,
        )
        result = train_perception(settings, resume)
    except (InvalidField, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    for name, value in result.validation.items():
        typer.echo(f"val {name}: {value:.4g}")
    typer.echo(f"{result.directory}: {result.steps} steps")
