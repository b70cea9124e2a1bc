"""The bundle that a chat talks with: one that there is, or one made of a stage for the while."""

import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from training.exporting.export import export_bundle
from training.modeling.stage_info import STAGE_FILE, is_stage
from waymend.bundle.opening import MANIFEST_FILE
from waymend.errors import InvalidField


@contextmanager
def bundle_of(directory: Path) -> Generator[Path]:
    """A bundle's own directory; a stage is exported into one that goes with the block.

    Raises:
        InvalidField: It is neither.
        CheckpointError: The stage's tensors do not fit.
    """
    if (directory / MANIFEST_FILE).is_file():
        yield directory
        return
    if not is_stage(directory):
        expected = f"a bundle with a {MANIFEST_FILE}, or a finished stage with a {STAGE_FILE}"
        raise InvalidField("model_name_or_path", expected, directory)
    with tempfile.TemporaryDirectory(prefix="waymend-chat-") as holder:
        out = Path(holder) / "bundle"
        export_bundle(directory, out, directory.resolve().name, "0", compare=False)
        yield out
