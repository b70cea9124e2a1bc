"""How long each stage of BEVFusion takes within a run of the whole."""

import time
from collections import defaultdict
from collections.abc import Callable

import torch
from torch import nn

from perception_service.pipeline import PerceptionPipeline

_STAGES = {
    "pts_voxel_layer": "voxelisation",
    "pts_middle_encoder": "sparse encoder",
    "img_backbone": "image backbone",
    "img_neck": "image neck",
    "view_transform": "view transform",
    "fusion_layer": "fuser",
    "pts_backbone": "BEV backbone",
    "pts_neck": "BEV neck",
    "bbox_head": "detection head",
}


def timed_stages(pipeline: PerceptionPipeline) -> dict[str, list[float]]:
    """Seconds of each stage, by name, one entry per run from now on; a GPU is waited for at the edges of each stage."""
    stages: dict[str, list[float]] = defaultdict(list)
    wait = torch.cuda.synchronize if pipeline.device.type == "cuda" else _nothing
    for attribute, name in _STAGES.items():
        _time_forward(getattr(pipeline.detector, attribute), stages[name], wait)
    return stages


def _time_forward(module: nn.Module, seconds: list[float], wait: Callable[[], None]) -> None:
    starts: list[float] = []

    def start(*_: object) -> None:
        wait()
        starts.append(time.perf_counter())

    def stop(*_: object) -> None:
        wait()
        seconds.append(time.perf_counter() - starts.pop())

    module.register_forward_pre_hook(start)
    module.register_forward_hook(stop)


def _nothing() -> None:
    """Work on a CPU is done when the call returns."""
