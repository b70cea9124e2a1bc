"""`python -m benchmarks`: one table of speed and memory (`make bench`)."""

import argparse
import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path

import torch
from rich.console import Console

from benchmarks import (
    memory,
    official_bevfusion,
    official_on_gpu,
    perception_latency,
    rendering,
    training,
    trajectory_latency,
)
from benchmarks.table import hardware, print_figures
from demo.built_in_drive import BUILT_IN_DRIVE, drive_frames
from perception_service.client import Embedding
from training.serving.stack import StackPlan, local_stack
from training.tiny.bundle import write_tiny_bundle
from waymend.frames import read_frame_directory

_SMALL_PRESET_LONGEST_MS = 500.0


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--bundle", type=Path, default=Path("bundles/tiny"))
    parser.add_argument("--frame", type=Path, help="frame directory for the official configuration")
    arguments = parser.parse_args()
    bundle: Path = arguments.bundle
    frame: Path = arguments.frame or drive_frames()[0]
    console = Console()
    console.print(hardware())
    print_figures("Data", rendering.measure())
    print_figures("Training", training.measure())
    with console.status("starting both services") as status, tempfile.TemporaryDirectory() as scratch:
        embedding = _both_services(bundle, Path(scratch), status.update)
        status.update("small perception preset")
        _small_preset(Path(scratch), status.update)
        status.update("official perception configuration")
        print_figures("Perception, official configuration", official_bevfusion.measure(frame))
        if torch.cuda.is_available():
            figures = official_on_gpu.measure(frame, torch.device("cuda"))
            print_figures("Perception, official configuration in float16 on the GPU", figures)
        status.update("REST against the engine and against text")
        figures = asyncio.run(trajectory_latency.measure(bundle, embedding))
        print_figures("Trajectory, embedding in hand", figures)


def _both_services(bundle: Path, scratch: Path, progress: Callable[[str], None]) -> Embedding:
    frames = [read_frame_directory(directory).message() for directory in drive_frames()]
    plan = StackPlan(bundle, scratch / "logs", frames_root=BUILT_IN_DRIVE)
    with local_stack(plan, progress) as stack:
        progress("memory: 200 requests")
        memory_figures = memory.measure(stack, [directory.name for directory in drive_frames()])
        progress("perception")
        figures, embedding = perception_latency.measure(stack.perception_target, frames)
    print_figures("Resident memory", memory_figures)
    print_figures("Perception, bundle's preset", figures)
    return embedding


def _small_preset(scratch: Path, progress: Callable[[str], None]) -> None:
    bundle = scratch / "small"
    write_tiny_bundle(bundle, perception_preset="small")
    frames = [read_frame_directory(directory).message() for directory in drive_frames()]
    with local_stack(StackPlan(bundle, scratch / "logs"), progress) as stack:
        figures, _ = perception_latency.measure(stack.perception_target, frames, _SMALL_PRESET_LONGEST_MS)
    print_figures("Perception, small preset", figures)


if __name__ == "__main__":
    main()
