"""The official BEVFusion configuration on a GPU in float16: plain torch against Triton, one frame or four at a time."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

import torch

from benchmarks.stages import timed_stages
from benchmarks.table import Figure
from perception_service.inference_options import InferenceOptions, PoolKernel
from perception_service.limits import FrameLimits
from perception_service.models.official_preset import OFFICIAL
from perception_service.models.perception_model import PerceptionModel
from perception_service.models.presets import preset
from perception_service.pipeline import PerceptionPipeline, PreprocessedScene
from perception_service.scene import Scene
from perception_service.wire.decode import decode_frame
from waymend.frames import read_frame_directory

KERNELS: tuple[PoolKernel, ...] = ("torch", "triton")
_BATCH_SIZES = (1, 4)
_WARM_UP = 5
_RUNS = 20
_LONGEST_MS = 60.0


def measure(frame_directory: Path, device: torch.device) -> list[Figure]:
    """Preprocessed scenes to detections and tokens, voxelisation included, random weights."""
    model = PerceptionModel.from_config(preset(OFFICIAL)).eval()
    with ThreadPoolExecutor() as decoders:
        scene = decode_frame(read_frame_directory(frame_directory).message(), FrameLimits(), decoders)
    figures = []
    for kernel in KERNELS:
        options = InferenceOptions("float16", sparse_conv_kernel=kernel, pool_kernel=kernel)
        figures += _of_kernel(kernel, PerceptionPipeline(model, model.config, device, options), scene)
    return figures


def _of_kernel(kernel: str, pipeline: PerceptionPipeline, scene: Scene) -> list[Figure]:
    figures = []
    for size in _BATCH_SIZES:
        batch = [pipeline.preprocess(scene)] * size
        torch.cuda.reset_peak_memory_stats(pipeline.device)
        batch_s = median(_durations(pipeline, batch))
        frame_ms = 1e3 * batch_s / size
        peak_gib = torch.cuda.max_memory_allocated(pipeline.device) / 2**30
        name = f"{kernel}, batch {size}"
        target = ("", None) if size > 1 else (f"< {_LONGEST_MS:.0f} ms", frame_ms < _LONGEST_MS)
        figures.append(Figure(f"{name}: a frame", f"{frame_ms:.1f} ms", *target))
        figures.append(Figure(f"{name}: frames/s", f"{size / batch_s:.1f}"))
        figures.append(Figure(f"{name}: peak memory", f"{peak_gib:.2f} GiB"))
    stages = timed_stages(pipeline)
    _durations(pipeline, [pipeline.preprocess(scene)])
    figures += [
        Figure(f"{kernel}, {stage}", f"{1e3 * median(seconds[_WARM_UP:]):.1f} ms") for stage, seconds in stages.items()
    ]
    return figures


def _durations(pipeline: PerceptionPipeline, batch: list[PreprocessedScene]) -> list[float]:
    """Seconds of each run but the first ones; tokens lie on the CPU at the end of a run, so the GPU has finished."""
    durations = []
    for _ in range(_WARM_UP + _RUNS):
        started = time.perf_counter()
        pipeline.encode_batch(batch)
        durations.append(time.perf_counter() - started)
    return durations[_WARM_UP:]
