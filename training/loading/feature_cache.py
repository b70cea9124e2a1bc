"""Features of frozen encoders, made once per data set and kept on disk."""

import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from rich.progress import track
from torch import Tensor

from perception_service.models.perception_model import PerceptionModel
from training.loading.array_file import ArrayFileWriter, mapped_array
from training.loading.encoding import EncodingOptions, encoded_frames, features_digest
from training.loading.sensors import SensorReader
from waymend.errors import InvalidField

IMAGE_FILE, BEV_FILE, INDEX_FILE = "image_features.npy", "bev_features.npy", "index.json"
_DIGEST_CHARACTERS = 16


class FeatureCache:
    """Features by sample token, read through a memory map; other processes open the files anew.

    Args:
        directory: That `cached_features` wrote.

    Raises:
        InvalidField: A file is missing or does not fit the others.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._row_of = _read_index(directory)
        self._image = mapped_array(directory / IMAGE_FILE, len(self._row_of))
        self._bev = mapped_array(directory / BEV_FILE, len(self._row_of))

    def __reduce__(self) -> tuple[type[Self], tuple[Path]]:
        return type(self), (self.directory,)

    @property
    def camera_views(self) -> int:
        """Cameras that were seen."""
        return self._image.shape[1]

    def __contains__(self, sample_token: str) -> bool:
        return sample_token in self._row_of

    def image(self, sample_token: str) -> Tensor:
        """Image features float32 [N, C, fH, fW] of a frame."""
        return _row(self._image, self._row_of[sample_token])

    def bev(self, sample_token: str) -> Tensor:
        """BEV features float32 [C, X, Y] of a frame, pooled to the size that `BevTokens` pools to."""
        return _row(self._bev, self._row_of[sample_token])


def cached_features(
    directory: Path,
    split: str,
    perception: PerceptionModel,
    reader: SensorReader,
    sample_tokens: Sequence[str],
    options: EncodingOptions = EncodingOptions(),  # noqa: B008
    overwrite: bool = False,
) -> FeatureCache:
    """The features of a split: found in `directory`, or else made.

    They lie in a folder named by the split and `features_digest`, so other weights or samples get a folder of their
    own. It appears when it is complete. float16; the tiny preset takes 0.8 MB a frame, the official one 11 MB.

    Args:
        directory: Of all caches; is made where it does not exist.
        split: Part of the folder's name.
        perception: Whose encoders are frozen.
        reader: Reads the frames.
        sample_tokens: The key frames, each once.
        options: How features are made.
        overwrite: Whether to make them even where they are there.

    Raises:
        InvalidField: There are no samples, a frame cannot be read, or a cache that was found is broken.
        OSError: The data set has no tables, or the disk is full.
    """
    if not sample_tokens:
        raise InvalidField("sample_tokens", "at least one", "none")
    target = directory / f"{split}-{features_digest(perception, reader, sample_tokens)[:_DIGEST_CHARACTERS]}"
    if overwrite or not target.is_dir():
        _make(target, overwrite, perception, reader, sample_tokens, options)
    return FeatureCache(target)


def _make(
    target: Path,
    overwrite: bool,
    perception: PerceptionModel,
    reader: SensorReader,
    sample_tokens: Sequence[str],
    options: EncodingOptions,
) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        _write(unfinished, perception, reader, sample_tokens, options)
        _put_in_place(unfinished, target, overwrite)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _write(
    directory: Path,
    perception: PerceptionModel,
    reader: SensorReader,
    sample_tokens: Sequence[str],
    options: EncodingOptions,
) -> None:
    count = len(sample_tokens)
    batches = -(-count // options.batch_size)
    encoded = track(encoded_frames(perception, reader, sample_tokens, options), "Encoding key frames", total=batches)
    with ArrayFileWriter(directory / IMAGE_FILE, count) as image, ArrayFileWriter(directory / BEV_FILE, count) as bev:
        for features in encoded:
            image.write(features.image)
            bev.write(features.bev)
    (directory / INDEX_FILE).write_text(json.dumps({"sample_tokens": list(sample_tokens)}) + "\n")


def _put_in_place(unfinished: Path, target: Path, overwrite: bool) -> None:
    """Where another process has put the same features there meanwhile, they stay."""
    if overwrite:
        shutil.rmtree(target, ignore_errors=True)
    try:
        os.rename(unfinished, target)
    except OSError:
        if not target.is_dir():
            raise


def _read_index(directory: Path) -> dict[str, int]:
    try:
        index: dict[str, Any] = json.loads((directory / INDEX_FILE).read_text())
        return {token: row for row, token in enumerate(index["sample_tokens"])}
    except (OSError, ValueError, KeyError) as error:
        raise InvalidField(INDEX_FILE, f"a readable file in {directory}", error) from None


def _row(array: NDArray[np.float16], row: int) -> Tensor:
    return torch.from_numpy(np.array(array[row])).float()
