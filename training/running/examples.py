"""The examples that a recipe trains and evaluates on."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from llm_service.modeling.configuration import TrajectoryLlamaConfig
from training.data.samples.dataset_info import DATASET_NAME
from training.data.samples.summary import read_summary
from training.loading.encoding import EncodingOptions, encoders_are_frozen
from training.loading.examples import CorrectionExamples
from training.loading.feature_cache import FeatureCache, cached_features
from training.loading.further_plans import FurtherPlans
from training.loading.modality_choice import ModalityChoice
from training.loading.sample_rows import SampleRows, read_rows
from training.loading.sensors import SensorReader
from training.loading.sequence import SequenceBuilder
from training.loading.vectors import StopLineDropout
from training.modeling.pairs import reads_words
from training.recipe.recipe import Recipe
from training.running.starting_point import StartingPoint
from waymend.errors import InvalidField
from waymend.trajectory import Horizon
from waymend.vocabulary import MODALITIES

_FEATURES_DIRECTORY = "features"
_READING_THREADS = 2


@dataclass(frozen=True, slots=True)
class RunRows:
    """Rows to train on, and to evaluate on where the recipe evaluates."""

    train: SampleRows
    evaluation: SampleRows | None


def run_rows(recipe: Recipe) -> RunRows:
    """The rows of a recipe.

    Raises:
        InvalidField: There is no data, no such split, or too little to hold some back.
    """
    directory = recipe.dataset_dir
    if not directory.is_dir():
        raise InvalidField("dataset_dir", "what `python -m training data build` wrote", f"{directory}: no directory")
    if recipe.dataset != DATASET_NAME:
        raise InvalidField("dataset", DATASET_NAME, recipe.dataset)
    train = _rows(recipe, "train_split")
    if recipe.val_size:
        return RunRows(*train.split_off(recipe.val_size, recipe.seed))
    return RunRows(train, _rows(recipe, "eval_split") if recipe.eval_split is not None else None)


def run_examples(
    recipe: Recipe,
    rows: RunRows,
    start: StartingPoint,
    device: torch.device,
    one_at_a_time: Callable[[Callable[[], object]], None],
) -> tuple[CorrectionExamples, CorrectionExamples | None]:
    """Examples to train on and to evaluate on; the latter show all that is enabled, and no further plans.

    Args:
        recipe: Of the run.
        rows: Of `run_rows`.
        start: Whose encoders make the features.
        device: Where they run.
        one_at_a_time: Runs something in the first process alone, while the others wait.
    """
    reader = _sensor_reader(recipe, start) if {"image", "bev"} & set(recipe.modalities) else None
    frozen = encoders_are_frozen(start.corrector.perception)

    def encoders(split: str, some: SampleRows) -> FeatureCache | SensorReader | None:
        if reader is None or not (frozen and recipe.feature_cache):
            return reader
        one_at_a_time(lambda: _cached(recipe, split, start, reader, some, device, recipe.overwrite_cache))
        return _cached(recipe, split, start, reader, some, device, overwrite=False)

    def examples(split: str, some: SampleRows, randomised: bool) -> CorrectionExamples:
        config: TrajectoryLlamaConfig = start.corrector.llm.config  # ty: ignore[invalid-assignment]
        settings = start.corrector.settings
        image, bev, vector = (name in recipe.modalities for name in MODALITIES)
        return CorrectionExamples(
            some,
            SequenceBuilder(start.tokenizer, config, recipe.cutoff_len, words=reads_words(settings)),
            start.corrector.perception.config,
            Horizon(config.num_waypoints, config.step_s),
            ModalityChoice((image, bev, vector), recipe.modality_dropout if randomised else 0.0, recipe.seed),
            encoders(split, some),
            FurtherPlans(recipe.further_plans if randomised else 0, recipe.seed),
            StopLineDropout(recipe.stop_line_dropout if randomised else 0.0, recipe.seed),
        )

    train = examples(recipe.train_split, rows.train, randomised=True)
    return train, examples("evaluation", rows.evaluation, randomised=False) if rows.evaluation is not None else None


def _rows(recipe: Recipe, key: str) -> SampleRows:
    try:
        rows = read_rows(recipe.dataset_dir, getattr(recipe, key))
    except InvalidField as error:
        raise InvalidField(key, error.expected, getattr(recipe, key)) from None
    return rows.every(recipe.keyframe_stride).limited(recipe.max_samples, recipe.seed)


def _sensor_reader(recipe: Recipe, start: StartingPoint) -> SensorReader:
    summary = read_summary(recipe.dataset_dir)
    dataroot = recipe.nuscenes_dataroot or Path(summary.dataroot)
    version = recipe.nuscenes_version or summary.version
    if not (dataroot / version).is_dir():
        raise InvalidField("nuscenes_dataroot", f"the data set that {recipe.dataset_dir} was built from", dataroot)
    return SensorReader(dataroot, version, start.corrector.perception.config, recipe.num_camera_views)


def _cached(
    recipe: Recipe,
    split: str,
    start: StartingPoint,
    reader: SensorReader,
    rows: SampleRows,
    device: torch.device,
    overwrite: bool,
) -> FeatureCache:
    directory = recipe.feature_cache_dir or recipe.dataset_dir / _FEATURES_DIRECTORY
    options = EncodingOptions(device, threads=recipe.preprocessing_num_workers or _READING_THREADS)
    return cached_features(directory, split, start.corrector.perception, reader, rows.sample_tokens, options, overwrite)
