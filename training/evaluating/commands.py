"""`python -m training eval`."""

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console


def evaluate(
    bundle: Annotated[Path, typer.Option(help="Bundle whose model is evaluated.")],
    data: Annotated[Path, typer.Option(help="Correction samples, as `data build` writes them.")],
    proposals: Annotated[
        Path | None, typer.Option(help="JSON file {sample_token: [[x, y] * 6]} instead of the data's own proposals.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for metrics.json and the report.")] = Path("report"),
    split: Annotated[
        str | None, typer.Option(help="train, val, test or all. [default: test; all with --proposals]")
    ] = None,
    limit: Annotated[int | None, typer.Option(help="Most cases; scenes take turns.")] = None,
    kinds: Annotated[str, typer.Option(help="Kinds of the data's own proposals: k1,k2; all where empty.")] = "",
    offline: Annotated[bool, typer.Option("--offline", help="In this process instead of both services.")] = False,
    url: Annotated[str | None, typer.Option(help="A running llm_service with this bundle.")] = None,
    api_key: Annotated[str | None, typer.Option(envvar="WAYMEND_LLM_API_KEY", help="Of that service.")] = None,
    seed: Annotated[int, typer.Option(help="Of the drawn cases, of training and shuffling controls.")] = 0,
    explanations: Annotated[int, typer.Option(help="For how many cases explanations are asked for.")] = 100,
    pictures: Annotated[int, typer.Option(help="Pictures of the best, the worst and of drawn cases each.")] = 4,
    control_data: Annotated[
        Path | None,
        typer.Option(
            help="Samples that the ego-status controls train on. [default: the bundle's own controls, or --data]"
        ),
    ] = None,
    nuscenes: Annotated[Path | None, typer.Option(help="The data set, where it has moved since the build.")] = None,
    version: Annotated[str | None, typer.Option(help="Of the data set.")] = None,
) -> None:
    """Measures a bundle's corrections beside controls."""
    from llm_service.engine import EngineUnavailable
    from training.evaluating.report.page import write_page
    from training.evaluating.report.tables import print_tables
    from training.evaluating.run import evaluate as run
    from training.evaluating.settings import EvaluationSettings
    from training.serving.stack import StackFailed
    from waymend.bundle import BundleError
    from waymend.errors import InvalidField

    settings = EvaluationSettings(
        bundle=bundle,
        data=data,
        out=out,
        proposals=proposals,
        split=split,
        kinds=tuple(name.strip() for name in kinds.split(",") if name.strip()),
        limit=limit,
        seed=seed,
        offline=offline,
        url=url,
        api_key=api_key,
        explanations=explanations,
        pictures=pictures,
        control_data=control_data,
        dataroot=nuscenes,
        version=version,
        command=typed_command(sys.argv[1:]),
    )
    console = Console()
    _without_other_progress_bars()
    try:
        with console.status("starting", spinner="line") as status:
            evaluation = run(settings, status.update)
            status.update("writing the report")
            page = write_page(evaluation, settings)
    except (BundleError, EngineUnavailable, InvalidField, StackFailed) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    print_tables(evaluation.tree, console)
    console.print(f"{page}\n{out / 'metrics.json'}", highlight=False, soft_wrap=True)


def controls(
    data: Annotated[list[Path], typer.Option(help="Correction samples that the bundle learned from; may be repeated.")],
    out: Annotated[Path, typer.Option(help="New directory of the networks: `--controls` of `training export`.")],
    steps: Annotated[int, typer.Option(help="Most optimizer steps.")] = 4000,
    further_plans: Annotated[int, typer.Option(help="Plans drawn about each key frame.")] = 24,
    seed: Annotated[int, typer.Option(min=0, help="Of weights, batches and plans.")] = 0,
) -> None:
    """Trains the ego-status networks that a bundle brings for its evaluation."""
    from training.evaluating.controls.ego_mlps import write_ego_mlps
    from training.motion.settings import MotionTraining
    from waymend.errors import InvalidField

    try:
        plans = write_ego_mlps(MotionTraining(tuple(data), out, steps, further_plans, seed))
    except (InvalidField, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{out}: two networks that learned from {plans} plans")


def _without_other_progress_bars() -> None:
    """Libraries' own bars would break the status line."""
    import datasets
    from transformers.utils import logging

    datasets.disable_progress_bars()
    logging.disable_progress_bar()


def typed_command(arguments: Sequence[str]) -> str:
    """The command line for the record, without the key of a service."""
    shown = list(arguments)
    for index, argument in enumerate(shown):
        if argument.startswith("--api-key="):
            shown[index] = "--api-key=..."
        elif argument == "--api-key" and index + 1 < len(shown):
            shown[index + 1] = "..."
    return f"python -m training {shlex.join(shown)}"
