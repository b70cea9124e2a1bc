"""Image and BEV features of key frames, made by frozen encoders."""

import hashlib
import json
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from perception_service.models.bevfusion.collate import collate
from perception_service.models.bevfusion.inputs import BevFusionInputs
from perception_service.models.perception_model import PerceptionModel
from perception_service.pipeline import PerceptionPipeline
from training.loading.sensors import SensorReader

_TRAINED_BEHIND_FEATURES = ("bev_tokens.", "image_tokens.", "vector_tokens.")


@dataclass(frozen=True, slots=True)
class EncodingOptions:
    """How features are made.

    Attributes:
        device: Where the encoders run.
        batch_size: Frames at a time; the next batch is read meanwhile.
        threads: Read frames side by side.
    """

    device: torch.device | str = "cpu"
    batch_size: int = 4
    threads: int = 2


@dataclass(frozen=True, slots=True, eq=False)
class FrameFeatures:
    """Features of K frames, float16.

    Attributes:
        image: [K, N, C, fH, fW], as `ImageTokens` takes them.
        bev: [K, C, X, Y], pooled to the size that `BevTokens` pools to.
    """

    image: NDArray[np.float16]
    bev: NDArray[np.float16]


class FrameEncoder:
    """The encoders as the service runs them, to the features that its token makers are given."""

    def __init__(self, perception: PerceptionModel, device: torch.device | str) -> None:
        self._pipeline = PerceptionPipeline(perception, perception.config, device)
        self._pooled_size = perception.bev_tokens.pooled_size

    @torch.inference_mode()
    def encode(self, frames: Sequence[BevFusionInputs]) -> FrameFeatures:
        """Features of frames that have equally many cameras."""
        image, bev = self._pipeline.token_features(collate(frames).to(self._pipeline.device))
        pooled = functional.adaptive_avg_pool2d(bev, self._pooled_size)
        return FrameFeatures(_as_float16(image), _as_float16(pooled))


def encoded_frames(
    perception: PerceptionModel, reader: SensorReader, sample_tokens: Sequence[str], options: EncodingOptions
) -> Iterator[FrameFeatures]:
    """Features of the samples, a batch at a time, in order."""
    encoder = FrameEncoder(perception, options.device)
    for frames in _read_ahead(reader, sample_tokens, options):
        yield encoder.encode(frames)


def encoders_are_frozen(perception: PerceptionModel) -> bool:
    """Whether nothing trains in front of the token makers, so that features stay what they are."""
    return not any(
        parameter.requires_grad
        for name, parameter in perception.named_parameters()
        if not name.startswith(_TRAINED_BEHIND_FEATURES)
    )


def features_digest(perception: PerceptionModel, reader: SensorReader, sample_tokens: Sequence[str]) -> str:
    """SHA-256 of what features depend on: frozen weights, configuration, data set, samples and what is read of them.

    The data set counts by the size and time of its table of sensor files.
    """
    config = asdict(perception.config)
    table = (reader.dataroot / reader.version / "sample_data.json").stat()
    about = {
        **{name: config[name] for name in ("bevfusion", "image", "points")},
        "image_tokens": config["tokens"]["image"],
        "pooled_size": perception.bev_tokens.pooled_size,
        "read": [reader.version, reader.camera_views, reader.sweeps],
        "table": [table.st_size, table.st_mtime_ns],
        "samples": list(sample_tokens),
    }
    digest = hashlib.sha256(json.dumps(about, sort_keys=True).encode())
    for name, tensor in sorted(perception.state_dict().items()):
        if not name.startswith(_TRAINED_BEHIND_FEATURES):
            digest.update(f"{name} {tensor.dtype} {list(tensor.shape)}".encode())
            digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
    return digest.hexdigest()


def _read_ahead(
    reader: SensorReader, sample_tokens: Sequence[str], options: EncodingOptions
) -> Iterator[list[BevFusionInputs]]:
    """Batches, of which one is read while the one before it is used."""
    reader.open()
    with ThreadPoolExecutor(options.threads) as threads:
        pending = deque()
        for start in range(0, len(sample_tokens), options.batch_size):
            batch = sample_tokens[start : start + options.batch_size]
            pending.append([threads.submit(reader.inputs, token) for token in batch])
            if len(pending) > 1:
                yield [frame.result() for frame in pending.popleft()]
        for batch in pending:
            yield [frame.result() for frame in batch]


def _as_float16(features: Tensor) -> NDArray[np.float16]:
    largest = torch.finfo(torch.float16).max
    return features.clamp(-largest, largest).half().cpu().numpy()
