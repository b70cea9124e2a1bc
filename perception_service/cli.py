"""`perception-service`: the server, converters and a look at both."""

import asyncio
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from perception_service.client import PerceptionClient, PerceptionError
from perception_service.inference_options import InferenceOptions, Precision
from perception_service.limits import FrameLimits
from perception_service.settings import PerceptionSettings
from waymend.errors import InvalidField
from waymend.frames import FrameDirectory, read_frame_directory, write_frame_directory

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.command()
def serve(
    bundle: Annotated[Path | None, typer.Option(help="Directory of the bundle.")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="TCP port to listen on.")] = None,
) -> None:
    """Serves a bundle over gRPC; every setting can also come from a WAYMEND_PERCEPTION_... variable."""
    from perception_service.server.server import serve as serve_until_stopped
    from waymend.bundle import BundleError
    from waymend.logs import configure_logging

    given: dict[str, Any] = {"bundle_dir": bundle, "host": host, "port": port}
    try:
        settings = PerceptionSettings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        raise _failure(str(error)) from None
    configure_logging(settings.log_format)
    try:
        asyncio.run(serve_until_stopped(settings))
    except (BundleError, InvalidField, OSError, RuntimeError) as error:
        raise _failure(str(error)) from None


@app.command()
def convert_nuscenes(
    dataroot: Annotated[Path, typer.Option(help="Directory of the nuScenes data set.")],
    sample: Annotated[str, typer.Option(help="Token of the sample.")],
    out: Annotated[Path, typer.Option(help="Frame directory to write.")],
    version: Annotated[str, typer.Option(help="Version of the data set.")] = "v1.0-mini",
    sweeps: Annotated[int, typer.Option(min=1, max=10, help="LiDAR sweeps to merge.")] = 10,
) -> None:
    """Writes a sample of a nuScenes data set as a frame directory."""
    from nuscenes.nuscenes import NuScenes

    from perception_service.convert.nuscenes_sample import frame_from_sample

    if not (dataroot / version).is_dir():
        raise _failure(f"{dataroot / version}: no such directory")
    nuscenes = NuScenes(version, str(dataroot), verbose=False)
    try:
        _write(out, frame_from_sample(nuscenes, sample, sweeps))
    except InvalidField as error:
        raise _failure(str(error)) from None


@app.command()
def convert_mmdet3d(
    info: Annotated[Path, typer.Argument(help="mmdet3d info file (version 2).")],
    images_dir: Annotated[Path, typer.Option(help="Directory of its images and LiDAR file.")],
    out: Annotated[Path, typer.Option(help="Frame directory to write.")],
    index: Annotated[int, typer.Option(min=0, help="Which sample of the file.")] = 0,
    sweeps: Annotated[int, typer.Option(min=1, max=10, help="LiDAR sweeps to merge.")] = 1,
) -> None:
    """Writes a sample of an mmdet3d info file as a frame directory."""
    from perception_service.convert.mmdet3d_info import frame_from_info

    try:
        _write(out, frame_from_info(info, images_dir, index, sweeps))
    except (InvalidField, OSError) as error:
        raise _failure(str(error)) from None


@app.command()
def convert(
    config: Annotated[str, typer.Option(help="A preset's name, or mmdetection3d's BEVFusion config file.")],
    checkpoint: Annotated[Path, typer.Option(help="The .pth file.")],
    out: Annotated[Path, typer.Option(help="Directory for config.json, model.safetensors and conversion.json.")],
    seed: Annotated[int, typer.Option(help="Of the token makers' fresh weights.")] = 0,
) -> None:
    """Converts a checkpoint of mmdetection3d's BEVFusion; every tensor must fit."""
    from perception_service.convert.checkpoint import CheckpointMisfit, convert_checkpoint
    from perception_service.models.official_config import read_official_config
    from perception_service.models.presets import PRESET_NAMES, preset

    try:
        chosen = preset(config) if config in PRESET_NAMES else read_official_config(Path(config))
        conversion = convert_checkpoint(chosen, checkpoint, out, seed)
    except CheckpointMisfit as error:
        raise _failure("\n".join([f"{error.field}: expected {error.expected}", *error.problems])) from None
    except (InvalidField, OSError) as error:
        raise _failure(str(error)) from None
    for outcome, count in Counter(tensor.outcome for tensor in conversion.tensors).items():
        typer.echo(f"{count:5d} tensors {outcome}")
    typer.echo(f"untrained, to be trained: {', '.join(conversion.untrained)}")
    typer.echo(f"wrote {out}")


@app.command()
def evaluate(
    dataroot: Annotated[Path, typer.Option(help="Directory of the nuScenes data set.")],
    out: Annotated[Path, typer.Option(help="Directory for the submission and the metrics.")],
    version: Annotated[str, typer.Option(help="Version of the data set.")] = "v1.0-trainval",
    split: Annotated[str | None, typer.Option(help="A split of nuScenes, such as val.")] = None,
    scenes: Annotated[list[str] | None, typer.Option(help="A scene; give several, or a split.")] = None,
    bundle: Annotated[Path | None, typer.Option(help="Directory of the bundle.")] = None,
    weights: Annotated[Path | None, typer.Option(help="A .safetensors file with its config.json beside it.")] = None,
    sweeps: Annotated[int, typer.Option(min=1, max=10, help="LiDAR sweeps to merge.")] = 10,
    device: Annotated[str, typer.Option(help="cpu, cuda or cuda:<n>.")] = "cpu",
    precision: Annotated[Precision, typer.Option(help="Of convolutions and matrix products.")] = "float32",
) -> None:
    """Measures detections by the nuScenes benchmark: mAP, NDS and the errors of true positives."""
    from perception_service.evaluation.run import DataSet, chosen_pipeline, chosen_scenes
    from perception_service.evaluation.run import evaluate as evaluate_on
    from waymend.bundle import BundleError

    try:
        data_set = DataSet(dataroot, version, chosen_scenes(split, scenes or []), sweeps)
        evaluate_on(chosen_pipeline(bundle, weights, device, InferenceOptions(precision)), data_set, out)
    except (InvalidField, BundleError, OSError) as error:
        raise _failure(str(error)) from None


@app.command()
def info(address: Annotated[str, typer.Argument(help="host:port of a server.")]) -> None:
    """Tells what a server runs."""
    with PerceptionClient(address) as client:
        try:
            model = client.model_info(timeout_s=10.0)
        except PerceptionError as error:
            raise _failure(str(error)) from None
    trained = "trained" if model.trained else "UNTRAINED: random weights, answers mean nothing"
    typer.echo(f"{model.bundle_name} {model.bundle_version} ({trained}) on {model.device}")
    typer.echo(f"contract id  {model.contract_id}")
    for name, tokens in model.token_sets.items():
        typer.echo(f"{name:12s} up to {tokens.max_tokens} tokens of width {tokens.width}")
    typer.echo(f"limits       {model.max_lidar_points} LiDAR points, {model.max_jpeg_bytes} bytes per JPEG")


@app.command()
def check_frame(directory: Annotated[Path, typer.Argument(help="A frame directory.")]) -> None:
    """Checks a frame directory exactly as the server would."""
    from perception_service.wire.decode import decode_frame

    try:
        message = read_frame_directory(directory).message()
        with ThreadPoolExecutor() as decoders:
            scene = decode_frame(message, FrameLimits(), decoders)
    except InvalidField as error:
        raise _failure(str(error)) from None
    agents = "no agents given" if scene.agents is None else f"{len(scene.agents)} agents"
    lines = "no map" if scene.map is None else f"{len(scene.map.polylines)} map polylines"
    typer.echo(f"{scene.frame_id}: {len(scene.points_lidar)} LiDAR points, {agents}, {lines}: good")


def _write(out: Path, frame: FrameDirectory) -> None:
    write_frame_directory(out, frame)
    typer.echo(f"wrote {out}")


def _failure(message: str) -> typer.Exit:
    typer.echo(message, err=True)
    return typer.Exit(1)
