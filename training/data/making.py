"""From where drives come to the nuScenes data set that holds them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from rich.progress import track

from training.data.drives.drive import Drive
from training.data.nuscenes_format.data_set import WritingOptions, check_empty, write_data_set
from training.data.scenarionet.log import read_drive
from training.data.traffic.drive import synthesize_drive
from training.data.workers import each_in_processes
from waymend.errors import InvalidField


@dataclass(frozen=True, slots=True, eq=False)
class Imported:
    """The drives that became scenes, and why each other file did not."""

    drives: list[Drive]
    refused: dict[Path, str]


def synthesize_data_set(out: Path, scenes: int, seed: int, options: WritingOptions) -> list[Drive]:
    """Writes `scenes` procedural drives; the first ones are the same however many there are.

    Raises:
        InvalidField: `out` holds something.
    """
    check_empty(out)
    drive = partial(synthesize_drive, seed=seed)
    drives = list(each_in_processes(drive, range(scenes), options.workers, "Driving"))
    return write_data_set(drives, out, options)


def import_logs(files: Sequence[Path], out: Path, options: WritingOptions, skip_errors: bool) -> Imported:
    """Writes a scene per ScenarioNet file.

    Raises:
        InvalidField: `out` holds something, no file can be used, or the first that cannot, unless errors are skipped.
    """
    check_empty(out)
    drives: list[Drive] = []
    refused: dict[Path, str] = {}
    for file in track(files, "Reading logs"):
        try:
            drives.append(read_drive(file))
        except InvalidField as error:
            if not skip_errors:
                raise
            refused[file] = str(error)
    if not drives:
        raise InvalidField("files", "at least one usable log", "; ".join(refused.values()))
    return Imported(write_data_set(drives, out, options), refused)
