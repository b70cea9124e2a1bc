"""Writes the built-in drive: `python -m training.procedural.demo_drive --out demo/drive --seed 7`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import track

from training.procedural.braking_street import braking_street
from training.procedural.sensing import SensorQuality, sense
from waymend.frames import write_frame_directory


def write_drive(out: Path, seed: int, frames: int, quality: SensorQuality) -> list[Path]:
    """Renders the braking street frame by frame into `out/000`, `out/001`, ..."""
    scene = braking_street(seed, frames)
    written = []
    for number in track(range(frames), description="Rendering frames"):
        written.append(out / f"{number:03d}")
        write_frame_directory(written[-1], sense(scene, number, quality, seed))
    return written


def main(
    out: Annotated[Path, typer.Option(help="Directory that receives one frame directory per key frame.")],
    seed: Annotated[int, typer.Option(help="Varies scenery, colours and sensor noise.")] = 7,
    frames: Annotated[int, typer.Option(min=1, max=6, help="Key frames, half a second apart.")] = 5,
) -> None:
    """Renders the built-in drive."""
    written = write_drive(out, seed, frames, SensorQuality())
    size = sum(path.stat().st_size for directory in written for path in directory.iterdir())
    typer.echo(f"{len(written)} frames, {size / 1e6:.2f} MB in {out}")


if __name__ == "__main__":
    typer.run(main)
