"""nuscenes-devkit's detection evaluation for any set of samples."""

from collections.abc import Sequence
from pathlib import Path

from nuscenes.eval.common.config import config_factory
from nuscenes.eval.common.data_classes import EvalBoxes
from nuscenes.eval.common.loaders import (
    add_center_dist,
    filter_eval_boxes,
    load_gt_of_sample_tokens,
    load_prediction_of_sample_tokens,
)
from nuscenes.eval.detection.data_classes import DetectionBox
from nuscenes.eval.detection.evaluate import DetectionEval
from nuscenes.nuscenes import NuScenes

_CONFIGURATION = "detection_cvpr_2019"


class SamplesDetectionEval(DetectionEval):
    """The devkit's evaluation (`evaluate`, `main`) of the samples that it is given.

    The devkit itself takes the name of a split, for which a custom list must be written into the data set, and does
    not get on with a submission without a single box.

    Args:
        nuscenes: The opened data set, with annotations.
        submission: A detection submission that covers the samples.
        sample_tokens: What is evaluated.
        out: Where `main` writes its metrics.
    """

    def __init__(self, nuscenes: NuScenes, submission: Path, sample_tokens: Sequence[str], out: Path) -> None:
        self.nusc = nuscenes
        self.result_path = str(submission)
        self.eval_set = "samples"
        self.output_dir = self.plot_dir = str(out)
        self.verbose = False
        self.cfg = config_factory(_CONFIGURATION)
        predictions, self.meta = load_prediction_of_sample_tokens(
            self.result_path, int(self.cfg.max_boxes_per_sample), DetectionBox, list(sample_tokens)
        )
        self.pred_boxes = self._in_range(predictions)
        self.gt_boxes = self._in_range(load_gt_of_sample_tokens(nuscenes, list(sample_tokens), DetectionBox))
        self.sample_tokens = self.gt_boxes.sample_tokens
        out.mkdir(parents=True, exist_ok=True)

    def _in_range(self, boxes: EvalBoxes) -> EvalBoxes:
        """Without boxes beyond the range of their class, without points, or in bicycle racks."""
        if not boxes.all:
            return boxes
        ranges_m = {name: float(range_m) for name, range_m in self.cfg.class_range.items()}
        return filter_eval_boxes(self.nusc, add_center_dist(self.nusc, boxes), ranges_m)
