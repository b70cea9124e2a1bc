"""Reading and writing frame directories."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from waymend.errors import InvalidField
from waymend.frames.description import FrameDescription, parse_description
from waymend.frames.message import sensor_frame_message
from waymend.perception.v1 import frame_pb2

DESCRIPTION_FILE = "frame.json"


@dataclass(frozen=True, slots=True)
class FrameDirectory:
    """A frame directory in memory."""

    description: FrameDescription
    lidar: bytes
    jpegs: Mapping[str, bytes]

    def message(self) -> frame_pb2.SensorFrame:
        """The frame as perception understands it; raises InvalidField as `sensor_frame_message` does."""
        return sensor_frame_message(self.description, self.lidar, self.jpegs)


def read_frame_directory(directory: Path) -> FrameDirectory:
    """Reads `frame.json` and the files that it names, all of which lie in `directory` itself.

    Raises:
        InvalidField: A file is missing, leads out of the directory, or `frame.json` is wrong.
    """
    description = parse_description(_read(directory, DESCRIPTION_FILE, DESCRIPTION_FILE), DESCRIPTION_FILE)
    return FrameDirectory(
        description=description,
        lidar=_read(directory, description.lidar.file, f"{DESCRIPTION_FILE}.lidar.file"),
        jpegs={
            name: _read(directory, camera.file, f"{DESCRIPTION_FILE}.cameras.{name}.file")
            for name, camera in description.cameras.items()
        },
    )


def write_frame_directory(directory: Path, frame: FrameDirectory) -> None:
    """Writes the frame; files of the same names are replaced."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / frame.description.lidar.file).write_bytes(frame.lidar)
    for name, camera in frame.description.cameras.items():
        (directory / camera.file).write_bytes(frame.jpegs[name])
    text = frame.description.model_dump_json(indent=1, exclude_defaults=False)
    (directory / DESCRIPTION_FILE).write_text(text + "\n")


def _read(directory: Path, name: str, field: str) -> bytes:
    path = directory / name
    if not path.is_file():
        raise InvalidField(field, "an existing file", name)
    if path.resolve().parent != directory.resolve():
        raise InvalidField(field, "a file inside the frame directory", name)
    return path.read_bytes()
