"""How well a trained model sees key frames that it has not learned."""

from collections import defaultdict
from collections.abc import Iterable

import torch
from torch import Tensor

from perception_service.models.bevfusion.transfusion_losses import BoxTargets
from training.perceiving.frames import BEV_LABELS
from training.perceiving.image_labels import IMAGE_LABELS
from training.perceiving.label_losses import intersection_and_union
from training.perceiving.learner import PerceptionLearner, weighted_sum
from training.perceiving.training_batch import TrainingBatch

_NEAR_M = 2.0
"""Largest distance of centres at which a detection counts as found; one of nuScenes' detection benchmark."""


@torch.no_grad()
def validate(learner: PerceptionLearner, batches: Iterable[TrainingBatch], score: float) -> dict[str, float]:
    """Means over frames as they are served: running statistics, float32.

    Args:
        learner: Put into its evaluation mode.
        batches: Of equal size.
        score: From which a detection counts.

    Returns:
        `loss` and its terms; `iou_bev_...` and `iou_image_...` per label, over all cells; `recall` and `precision` of
        detections of the right class within 2 m. What no frame has an example of is left out.
    """
    learner.eval()
    sums: dict[str, list[float]] = defaultdict(list)
    overlaps: dict[str, list[Tensor]] = defaultdict(list)
    found = torch.zeros(3)
    for batch in batches:
        outputs = learner(batch)
        terms = learner.losses(outputs, batch)
        sums["loss"].append(float(weighted_sum(terms)))
        for name, term in terms.items():
            sums[f"loss_{name}"].append(float(term))
        overlaps["bev"].append(intersection_and_union(outputs.bev, batch.bev))
        overlaps["image"].append(intersection_and_union(outputs.image, batch.image))
        for detected, wanted in zip(learner.model.bevfusion.bbox_head.predict(outputs.head), batch.boxes, strict=True):
            kept = detected.scores >= score
            found += _found(detected.boxes_lidar[kept], detected.labels[kept], wanted)
    results = {name: sum(values) / len(values) for name, values in sums.items()}
    for place, labels in (("bev", BEV_LABELS), ("image", IMAGE_LABELS)):
        both, either = torch.stack(overlaps[place]).sum(0)
        results |= {f"iou_{place}_{name}": float(both[i] / either[i]) for i, name in enumerate(labels) if either[i] > 0}
    hits, wanted_boxes, detections = found.tolist()
    if wanted_boxes:
        results["recall"] = hits / wanted_boxes
    if detections:
        results["precision"] = hits / detections
    return results


def _found(boxes: Tensor, labels: Tensor, wanted: BoxTargets) -> Tensor:
    """Detections that found an object, objects, and detections of one frame; each object is found once, best first."""
    distance_m = torch.cdist(boxes[:, :2].cpu(), wanted.boxes_lidar[:, :2])
    distance_m[labels.cpu()[:, None] != wanted.labels] = torch.inf
    hits = 0
    for row in range(len(boxes)):
        if distance_m.shape[1] and distance_m[row].min() < _NEAR_M:
            distance_m[:, distance_m[row].argmin()] = torch.inf
            hits += 1
    return torch.tensor([float(hits), float(len(wanted.labels)), float(len(boxes))])
