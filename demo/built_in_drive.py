"""The frame directories of the built-in drive."""

from pathlib import Path

BUILT_IN_DRIVE = Path(__file__).parent / "drive"


def drive_frames() -> list[Path]:
    """The drive's frame directories, in the order of driving."""
    return sorted(path for path in BUILT_IN_DRIVE.iterdir() if path.is_dir())
