"""Runs perception over samples of a nuScenes data set."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from nuscenes.nuscenes import NuScenes
from tqdm import tqdm

from perception_service.convert.nuscenes_sample import frame_from_sample
from perception_service.evaluation.submission import SampleDetections
from perception_service.limits import FrameLimits
from perception_service.pipeline import PerceptionPipeline, PreprocessedScene
from perception_service.wire.decode import decode_frame

Item = TypeVar("Item")
Made = TypeVar("Made")


def detect(
    pipeline: PerceptionPipeline, nuscenes: NuScenes, sample_tokens: Sequence[str], sweeps: int
) -> dict[str, SampleDetections]:
    """Detections of each sample, with progress on stderr; a sample is read while the one before it is encoded.

    Frames pass the same checks as a served one. Sweeps are merged as in mmdet3d's test pipeline for BEVFusion.

    Raises:
        InvalidField: A sample lacks a sensor, or a file of it is broken.
    """
    detections: dict[str, SampleDetections] = {}
    with ThreadPoolExecutor() as decoders:

        def read(token: str) -> PreprocessedScene:
            frame = frame_from_sample(nuscenes, token, sweeps, repeat_lone_sweep=True, with_map=False)
            return pipeline.preprocess(decode_frame(frame.message(), FrameLimits(), decoders))

        for token, item in zip(sample_tokens, _one_ahead(read, tqdm(sample_tokens, unit="sample")), strict=True):
            (encoded,) = pipeline.encode_batch([item])
            detections[token] = SampleDetections(encoded.detections, item.scene.global_from_ego)
    return detections


def _one_ahead(make: Callable[[Item], Made], items: Iterable[Item]) -> Iterator[Made]:
    """`map` that makes the next result while the last one is used."""
    with ThreadPoolExecutor(1) as maker:
        pending = None
        for item in items:
            following = maker.submit(make, item)
            if pending is not None:
                yield pending.result()
            pending = following
        if pending is not None:
            yield pending.result()
