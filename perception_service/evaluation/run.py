"""The whole evaluation: data set and model in, benchmark figures out."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from nuscenes.nuscenes import NuScenes

from perception_service.bundle import load_perception_model, load_pipeline
from perception_service.evaluation.detection import detect
from perception_service.evaluation.detection_eval import SamplesDetectionEval
from perception_service.evaluation.splits import samples_of_scenes, scenes_of_split
from perception_service.evaluation.submission import write_submission
from perception_service.inference_options import InferenceOptions
from perception_service.pipeline import PerceptionPipeline
from waymend.errors import InvalidField

SUBMISSION_FILE = "results_nusc.json"


@dataclass(frozen=True, slots=True)
class DataSet:
    """What is evaluated on.

    Attributes:
        dataroot: Directory of the nuScenes data set.
        version: Its version, such as `v1.0-trainval`.
        scenes: Names of the scenes.
        sweeps: LiDAR sweeps to merge.
    """

    dataroot: Path
    version: str
    scenes: Sequence[str]
    sweeps: int = 10


def chosen_scenes(split: str | None, scenes: Sequence[str]) -> Sequence[str]:
    """The scenes of a split, or those named; exactly one of them must be given.

    Raises:
        InvalidField: Both or none are given, or there is no such split.
    """
    if (split is None) == (not scenes):
        raise InvalidField("split, scenes", "one of them", "both" if scenes else "none")
    return scenes if split is None else scenes_of_split(split)


def chosen_pipeline(
    bundle: Path | None, weights: Path | None, device: str, options: InferenceOptions
) -> PerceptionPipeline:
    """The pipeline of a bundle, or of a safetensors file with its `config.json` beside it.

    Raises:
        BundleError: The bundle is broken.
        InvalidField: Both or none are given, configuration and weights do not fit, or there is no such device.
        OSError: A file cannot be read.
    """
    _check_device(device)
    if (bundle is None) == (weights is None):
        raise InvalidField("bundle, weights", "one of them", "both" if bundle else "none")
    if bundle is not None:
        return load_pipeline(bundle, device, options)[1]
    assert weights is not None
    model = load_perception_model(weights)
    return PerceptionPipeline(model, model.config, device, options)


def _check_device(device: str) -> None:
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise InvalidField("device", "a device of this machine", f"{device}: {error}") from None


def evaluate(pipeline: PerceptionPipeline, data_set: DataSet, out: Path) -> dict[str, Any]:
    """Writes the submission and the devkit's metrics into `out`, and prints the figures.

    Returns:
        The devkit's summary: `mean_ap`, `nd_score`, `tp_errors`, `mean_dist_aps` by class, and more.

    Raises:
        InvalidField: There is no such data set, scene or annotation, or a sample is broken.
    """
    nuscenes = open_nuscenes(data_set)
    tokens = samples_of_scenes(nuscenes, data_set.scenes)
    write_submission(out / SUBMISSION_FILE, detect(pipeline, nuscenes, tokens, data_set.sweeps))
    return SamplesDetectionEval(nuscenes, out / SUBMISSION_FILE, tokens, out).main(render_curves=False)


def open_nuscenes(data_set: DataSet) -> NuScenes:
    """The data set, which must have annotations.

    Raises:
        InvalidField: It is not there, or is a test set without annotations.
    """
    directory = data_set.dataroot / data_set.version
    if not directory.is_dir():
        raise InvalidField("dataroot", "a nuScenes data set of this version", f"no directory {directory}")
    nuscenes = NuScenes(data_set.version, str(data_set.dataroot), verbose=False)
    if not nuscenes.sample_annotation:
        raise InvalidField("version", "a data set with annotations", data_set.version)
    return nuscenes
