"""`python -m training export`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Dtype(StrEnum):
    """What the engine computes in."""

    FLOAT32 = "float32"
    FLOAT16 = "float16"
    BFLOAT16 = "bfloat16"


def export(
    run: Annotated[Path, typer.Argument(help="Directory of a finished stage, or of a checkpoint in it.")],
    out: Annotated[Path, typer.Option(help="Directory of the bundle; must not exist.")],
    name: Annotated[str, typer.Option(help="Of the bundle; that of its directory where not given.")] = "",
    version: Annotated[str, typer.Option(help="Of the bundle.")] = "0.1.0",
    adapter: Annotated[
        bool, typer.Option("--adapter", help="Keep a LoRA adapter beside the base instead of merging it.")
    ] = False,
    dtype: Annotated[
        Dtype | None, typer.Option(help="What the engine computes in; the stage's where not given.")
    ] = None,
    caution: Annotated[
        float | None, typer.Option(min=0.0, help="How much the service holds offsets back; the stage's.")
    ] = None,
    controls: Annotated[
        Path | None,
        typer.Option(help="Directory of `training controls`: networks that evaluations hold the model against."),
    ] = None,
    compare: Annotated[bool, typer.Option(help="Measure how far answers are from the trained stage's.")] = True,
) -> None:
    """Writes a bundle that both services load."""
    from training.exporting.export import export_bundle
    from training.exporting.model_card import CARD_FILE
    from waymend.bundle import BundleError
    from waymend.errors import InvalidField

    try:
        manifest = export_bundle(
            run,
            out,
            name or out.resolve().name,
            version,
            adapter,
            dtype.value if dtype else None,
            caution,
            controls,
            compare,
        )
    except (BundleError, InvalidField, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{out}: {manifest.name} {manifest.version}, contract id {manifest.contract_id}")
    if not manifest.trained:
        typer.echo("The run recorded no step: the bundle counts as untrained.", err=True)
    typer.echo(f"What is known of it: {out / CARD_FILE}")
