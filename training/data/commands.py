"""`python -m training data`: from logs and procedural traffic to correction samples."""

from collections.abc import Generator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from waymend.errors import InvalidField

if TYPE_CHECKING:
    from training.data.nuscenes_format.data_set import WritingOptions

app = typer.Typer(no_args_is_help=True, help="Makes nuScenes data sets and correction samples.")


class OnError(StrEnum):
    """What to do about input that cannot be used: go on without it, or stop."""

    SKIP = "skip"
    STOP = "stop"


NewFolder = Annotated[Path, typer.Option(help="New or empty folder.")]
Workers = Annotated[int, typer.Option(min=1, help="Processes.")]
Version = Annotated[str, typer.Option(help="Folder of the tables; nuscenes-devkit's tools know v1.0-mini and others.")]
Width = Annotated[int, typer.Option(min=16, help="Of each image, pixels.")]
Height = Annotated[int, typer.Option(min=16, help="Of each image; what 16:9 has more is cut off above.")]
Columns = Annotated[int, typer.Option(min=16, help="Firings of each of the 32 beams per turn.")]
Sweeps = Annotated[int, typer.Option(min=0, help="LiDAR sweeps between one key frame and the next.")]
Errors = Annotated[OnError, typer.Option(help="What to do about input that cannot be used.")]


@app.command()
def synthesize(
    out: NewFolder,
    scenes: Annotated[int, typer.Option(min=1, help="How many drives of 20 s.")] = 200,
    seed: Annotated[int, typer.Option(min=0, help="Equal seeds give equal files.")] = 7,
    version: Version = "v1.0-mini",
    width: Width = 352,
    height: Height = 128,
    lidar_columns: Columns = 1080,
    sweeps: Sweeps = 0,
    workers: Workers = 2,
) -> None:
    """Procedural drives with rendered sensors, as a nuScenes data set."""
    from training.data.making import synthesize_data_set

    with _plain_errors():
        options = _options(version, width, height, lidar_columns, sweeps, workers)
        drives = synthesize_data_set(out, scenes, seed, options)
    typer.echo(f"{out}: {len(drives)} scenes, {sum(len(drive.keyframe_times_s) for drive in drives)} samples")


@app.command()
def import_scenarionet(
    files: Annotated[list[Path], typer.Argument(help="ScenarioNet scenario files (.pkl).", exists=True)],
    out: NewFolder,
    on_error: Errors = OnError.STOP,
    version: Version = "v1.0-mini",
    width: Width = 352,
    height: Height = 128,
    lidar_columns: Columns = 1080,
    sweeps: Sweeps = 0,
    workers: Workers = 2,
) -> None:
    """Real logs with rendered sensors, as a nuScenes data set."""
    from training.data.making import import_logs

    with _plain_errors():
        options = _options(version, width, height, lidar_columns, sweeps, workers)
        imported = import_logs(files, out, options, skip_errors=on_error is OnError.SKIP)
    for drive in imported.drives:
        typer.echo(f"{drive.name}: {len(drive.keyframe_times_s)} samples at {drive.location}. {drive.description}")
    for refusal in imported.refused.values():
        typer.echo(f"skipped {refusal}", err=True)
    typer.echo(f"{out}: {len(imported.drives)} scenes, {len(imported.refused)} files skipped")


@app.command()
def build(
    nuscenes: Annotated[Path, typer.Option(help="nuScenes data set, true or made here.", exists=True)],
    out: NewFolder,
    version: Version = "v1.0-mini",
    seed: Annotated[int, typer.Option(min=0, help="Of proposals, wording and splits.")] = 7,
    shares: Annotated[tuple[float, float, float], typer.Option(help="Of scenes for training, validation and test.")] = (
        0.8,
        0.1,
        0.1,
    ),
    official_splits: Annotated[bool, typer.Option(help="nuScenes' own splits instead of shares.")] = False,
    conversations: Annotated[
        bool, typer.Option(help="Without them there are key frames alone: enough for `training motion` and quicker.")
    ] = True,
    on_error: Errors = OnError.STOP,
    workers: Workers = 2,
) -> None:
    """Correction samples: key frames, proposals of every kind, conversations, splits."""
    from training.data.inspection.tables import print_summary
    from training.data.samples.build import build_samples
    from training.data.samples.opening import open_nuscenes

    with _plain_errors():
        opened = open_nuscenes(nuscenes, version)
        summary = build_samples(
            opened, out, seed, shares, official_splits, on_error.value, workers, conversations=conversations
        )
    print_summary(summary)


@app.command()
def inspect(
    directory: Annotated[Path, typer.Argument(help="What `build` wrote.", exists=True)],
    out: Annotated[
        Path | None, typer.Option(help="Folder of the pictures; <directory>/inspection where not given.")
    ] = None,
    pictures: Annotated[int, typer.Option(min=0, help="How many key frames to draw.")] = 12,
    seed: Annotated[int, typer.Option(min=0, help="Of the choice of key frames.")] = 0,
) -> None:
    """Counts, histograms and pictures of correction samples."""
    from training.data.inspection.report import write_report

    with _plain_errors():
        page = write_report(directory, out or directory / "inspection", pictures, seed)
    typer.echo(f"{page}")


def _options(version: str, width: int, height: int, lidar_columns: int, sweeps: int, workers: int) -> "WritingOptions":
    from training.data.nuscenes_format.data_set import WritingOptions
    from training.data.sensing.drive_world import RigSettings

    rig = RigSettings(width_px=width, height_px=height, lidar_columns=lidar_columns)
    return WritingOptions(version=version, rig=rig, sweeps_between=sweeps, workers=workers)


@contextmanager
def _plain_errors() -> Generator[None]:
    """Wrong input ends the command with one line."""
    try:
        yield
    except (InvalidField, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
