"""TransFusion's training losses: dense heat map, classes and boxes of the queries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from mmdet.models.losses.focal_loss import py_sigmoid_focal_loss
from mmdet3d.registry import MODELS, TASK_UTILS
from torch import Tensor
from torch.nn import functional

from perception_service.models.bevfusion.assignment import Queries
from perception_service.models.bevfusion.heatmap_targets import HeatmapGrid, heatmap_targets
from perception_service.models.bevfusion.transfusion_bbox_coder import TransFusionBBoxCoder, regression
from waymend.errors import InvalidField

if TYPE_CHECKING:
    from perception_service.models.bevfusion.transfusion_head import HeadOutputs

_HEAT_MARGIN = 1e-4
"""Probabilities are kept this far from 0 and 1, so that their logarithms are finite."""
Config = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class BoxTargets:
    """The objects of one frame.

    Attributes:
        boxes_lidar: float32 [n, 9], as in `LidarDetections`; a velocity that is not known is NaN. n may be 0.
        labels: int64 [n], indices into `waymend.vocabulary.OBJECT_CLASSES`.
    """

    boxes_lidar: Tensor
    labels: Tensor


@dataclass(frozen=True, slots=True)
class _QueryTargets:
    """What P queries of each of B frames should predict.

    Attributes:
        labels: int64 [B, P]; the number of classes stands for "no object".
        codes: float [B, P, 10], encoded boxes, 0 where there is no object.
        code_mask: float [B, P, 10], 1 where `codes` counts.
        matched_iou: float [k], of all matched queries.
    """

    labels: Tensor
    codes: Tensor
    code_mask: Tensor
    matched_iou: Tensor


class TransFusionLosses:
    """Losses of a head's outputs.

    Args:
        num_classes: Object classes.
        coder: The head's box coder.
        auxiliary: Whether all decoder layers are trained, or the last only.
        train_cfg: `point_cloud_range`, `grid_size`, `voxel_size`, `out_size_factor`, `gaussian_overlap`, `min_radius`,
            `code_weights`, `assigner`; `pos_weight` must be -1.
        loss_cls: Config of mmdet's FocalLoss.
        loss_heatmap: Config of mmdet's GaussianFocalLoss.
        loss_bbox: Config of mmdet's L1Loss.
    """

    def __init__(
        self,
        num_classes: int,
        coder: TransFusionBBoxCoder,
        auxiliary: bool,
        train_cfg: Config,
        loss_cls: Config,
        loss_heatmap: Config,
        loss_bbox: Config,
    ) -> None:
        if train_cfg.get("pos_weight", -1) > 0:
            raise InvalidField("bbox_head.train_cfg.pos_weight", "-1", train_cfg["pos_weight"])
        self._num_classes = num_classes
        self._coder = coder
        self._auxiliary = auxiliary
        self._train_cfg = train_cfg
        self._grid = _grid(train_cfg)
        self._assigner = TASK_UTILS.build(dict(train_cfg["assigner"]))
        self._loss_cls = MODELS.build(dict(loss_cls))
        self._loss_heatmap = MODELS.build(dict(loss_heatmap))
        self._loss_bbox = MODELS.build(dict(loss_bbox))

    def __call__(self, outputs: "HeadOutputs", targets: Sequence[BoxTargets]) -> dict[str, Tensor]:
        """`loss_heatmap`, and per decoder layer `layer_k_loss_cls` and `layer_k_loss_bbox`, where k of the last is -1.

        `matched_ious` is the mean intersection over union of matched boxes, for logs. Objects whose centre lies off the
        map are left out; an unknown velocity is not trained.
        """
        on_map = [self._on_map(frame) for frame in targets]
        layers = outputs.layers if self._auxiliary else outputs.layers[-1:]
        matched = [self._query_targets(layer, outputs.query_labels, on_map) for layer in layers]
        positives = max(1.0, float(sum((match.labels < self._num_classes).sum() for match in matched)))
        losses = {"loss_heatmap": self._heatmap_loss(outputs.dense_heatmap, on_map)}
        for number, (layer, match) in enumerate(zip(layers, matched, strict=True)):
            name = "layer_-1" if number == len(layers) - 1 else f"layer_{number}"
            losses[f"{name}_loss_cls"] = self._class_loss(layer["heatmap"], match, positives)
            losses[f"{name}_loss_bbox"] = self._box_loss(layer, match, positives)
        losses["matched_ious"] = _mean(torch.cat([match.matched_iou for match in matched]))
        return losses

    def _on_map(self, frame: BoxTargets) -> BoxTargets:
        kept = self._grid.contains(frame.boxes_lidar)
        return BoxTargets(frame.boxes_lidar[kept], frame.labels[kept])

    def _heatmap_loss(self, logits: Tensor, targets: Sequence[BoxTargets]) -> Tensor:
        overlap, radius = self._train_cfg["gaussian_overlap"], self._train_cfg["min_radius"]
        drawn = [
            heatmap_targets(frame.boxes_lidar, frame.labels, self._num_classes, self._grid, overlap, radius)
            for frame in targets
        ]
        wanted = torch.stack(drawn).to(logits.device)
        heat = logits.float().sigmoid().clamp(_HEAT_MARGIN, 1 - _HEAT_MARGIN)
        return self._loss_heatmap(heat, wanted, avg_factor=max(1.0, float(wanted.eq(1).sum())))

    def _class_loss(self, logits: Tensor, match: _QueryTargets, positives: float) -> Tensor:
        focal = self._loss_cls
        wanted = functional.one_hot(match.labels.flatten(), self._num_classes + 1)[:, :-1]
        # mmdet's own module would call an operation of mmcv on a GPU.
        loss = py_sigmoid_focal_loss(
            logits.float().mT.flatten(0, 1),
            wanted.to(logits.device),
            gamma=focal.gamma,
            alpha=focal.alpha,
            reduction=focal.reduction,
            avg_factor=positives,
        )
        return focal.loss_weight * loss

    def _box_loss(self, layer: Mapping[str, Tensor], match: _QueryTargets, positives: float) -> Tensor:
        predicted = torch.cat(list(regression(layer).values()), 1).mT
        weights = match.code_mask * match.code_mask.new_tensor(self._train_cfg["code_weights"])
        return self._loss_bbox(predicted, match.codes, weights, avg_factor=positives)

    @torch.no_grad()
    def _query_targets(
        self, layer: Mapping[str, Tensor], peak_labels: Tensor, targets: Sequence[BoxTargets]
    ) -> _QueryTargets:
        boxes = self._coder.boxes(**regression(layer))
        logits = layer["heatmap"].float().mT
        frames, queries, code_size = len(boxes), boxes.shape[1], self._coder.code_size
        labels = torch.full((frames, queries), self._num_classes, dtype=torch.int64, device=boxes.device)
        codes, mask = boxes.new_zeros(2, frames, queries, code_size)
        overlaps = [boxes.new_zeros(0)]
        range_m = boxes.new_tensor(self._train_cfg["point_cloud_range"])
        for frame, target in enumerate(targets):
            if len(target.labels) == 0:
                continue
            objects, classes = target.boxes_lidar.to(boxes), target.labels.to(boxes.device)
            made = Queries(boxes[frame], logits[frame], peak_labels[frame])
            rows, columns, iou = self._assigner.assign(made, objects, classes, range_m)
            encoded = self._coder.encode(objects[columns])
            labels[frame, rows] = classes[columns]
            codes[frame, rows] = torch.nan_to_num(encoded)
            mask[frame, rows] = encoded.isfinite().to(mask.dtype)
            overlaps.append(iou)
        return _QueryTargets(labels, codes, mask, torch.cat(overlaps))


def _grid(train_cfg: Config) -> HeatmapGrid:
    factor = train_cfg["out_size_factor"]
    x, y = (size // factor for size in train_cfg["grid_size"][:2])
    size_x, size_y = (factor * size for size in train_cfg["voxel_size"][:2])
    low_x, low_y = train_cfg["point_cloud_range"][:2]
    return HeatmapGrid((x, y), (size_x, size_y), (low_x, low_y))


def _mean(values: Tensor) -> Tensor:
    return values.mean() if len(values) else values.new_zeros(())
