"""Which samples are read."""

from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field

from training.recipe.keys.section import Count, PathKey, Section


class DataKeys(Section):
    """The data set.

    Attributes:
        dataset: Its name in `dataset_info.json`.
        dataset_dir: Directory that `python -m training data build` wrote.
        nuscenes_dataroot, nuscenes_version: Where the sensor files are; those of the build where None.
        train_split, eval_split: Splits of the build. Evaluation takes `eval_split`, or `val_size` of `train_split`.
        val_size: Below 1 a share of the training samples, from 1 their number.
        keyframe_stride: Every how many key frames of a scene are used; neighbours at 2 Hz are much alike.
        max_samples: At most so many samples of a split.
        spread_keyframes: Whether the samples of an optimizer step come from different key frames where they can, which
            gives contrastive losses more to tell apart.
        cutoff_len: Longest prompt plus answer, in tokens.
        further_plans: Fresh plans for each sample that train the trajectory on the same scene tokens.
        preprocessing_num_workers: Processes that prepare samples.
        overwrite_cache: Whether cached features are made anew.
        feature_cache: Whether the outputs of frozen encoders are kept on disk.
        feature_cache_dir: Where; in `dataset_dir` where None.
        dataloader_num_workers: Processes that load samples during training; 0: the training process itself.
    """

    title: ClassVar[str] = "dataset"

    dataset: str = "nuscenes_trajectory"
    dataset_dir: PathKey = Path("data")
    nuscenes_dataroot: PathKey | None = None
    nuscenes_version: str | None = None
    train_split: str = "train"
    eval_split: str | None = None
    val_size: Annotated[float, Field(ge=0)] = 0.0
    keyframe_stride: Count = 1
    max_samples: Count | None = None
    spread_keyframes: bool = True
    cutoff_len: Count = 1024
    further_plans: Annotated[int, Field(ge=0)] = 0
    preprocessing_num_workers: Count | None = None
    overwrite_cache: bool = False
    feature_cache: bool = True
    feature_cache_dir: PathKey | None = None
    dataloader_num_workers: Annotated[int, Field(ge=0)] = 0
