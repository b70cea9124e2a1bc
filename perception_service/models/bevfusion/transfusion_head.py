"""TransFusion's detection head: heat-map peaks become queries, a decoder layer refines them, small heads read boxes.

Bai et al., "TransFusion", CVPR 2022, in the LiDAR-only form that BEVFusion runs on its fused map.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from mmcv.cnn import ConvModule
from mmdet3d.models.dense_heads.centerpoint_head import SeparateHead
from mmdet3d.registry import MODELS, TASK_UTILS
from torch import Tensor, nn
from torch.nn import functional

from perception_service.models.bevfusion.transfusion_bbox_coder import LidarDetections, regression
from perception_service.models.bevfusion.transfusion_losses import BoxTargets, TransFusionLosses
from perception_service.ops.nms import circle_nms, rotated_nms
from waymend.errors import InvalidField

_PRIOR_LOGIT = -2.19
"""Logit of a prior probability of 0.1, as in Lin et al., "Focal Loss", ICCV 2017, section 4.1."""
_LOSS_CLS = {"type": "mmdet.FocalLoss", "use_sigmoid": True, "gamma": 2.0, "alpha": 0.25, "loss_weight": 1.0}
_LOSS_HEATMAP = {"type": "mmdet.GaussianFocalLoss", "loss_weight": 1.0}
_LOSS_BBOX = {"type": "mmdet.L1Loss", "loss_weight": 0.25}
_NMS_THRESHOLD = 0.175
"""BEVFusion's value for both kinds of suppression."""
_SMALL_CLASSES = (8, 9)
"""Pedestrians and traffic cones are smaller than the peak search's window, so neighbours may both be real."""
_CLASSES_WITHOUT_PEAK_SEARCH = {"nuScenes": _SMALL_CLASSES}


@dataclass(frozen=True, slots=True)
class HeadOutputs:
    """What the head predicts for P queries of each frame.

    Attributes:
        dense_heatmap: Logits [B, classes, X, Y].
        query_labels: int64 [B, P], class of the peak that a query comes from.
        query_scores: [B, classes, P], heat of all classes at that peak, 0..1.
        layers: Per decoder layer, `center` [B, 2, P] (BEV cells), `height` [B, 1, P] (m), `dim` [B, 3, P] (log m),
            `rot` [B, 2, P] (sin, cos), `vel` [B, 2, P] (m/s), `heatmap` [B, classes, P] (logits).
    """

    dense_heatmap: Tensor
    query_labels: Tensor
    query_scores: Tensor
    layers: tuple[dict[str, Tensor], ...]


@MODELS.register_module()
class TransFusionHead(nn.Module):
    """Detects objects in a BEV map.

    Args:
        in_channels: Channels of the BEV map.
        num_proposals: Queries P per frame.
        num_classes: Object classes.
        hidden_channel: Width of queries and of the shared map.
        decoder_layer: Config of one decoder layer.
        common_heads: Outputs and convolutions of each regression head.
        bbox_coder: Config of the box coder.
        test_cfg: `dataset`, `grid_size` (voxels), `out_size_factor`, `nms_type` (None, circle or rotate).
        num_decoder_layers: Decoder layers in a row.
        num_heatmap_convs: Convolutions of the classification head.
        nms_kernel_size: Window of the peak search, cells.
        bn_momentum: Momentum of all batch normalisations.
        auxiliary, train_cfg, loss_cls, loss_heatmap, loss_bbox: As in `TransFusionLosses`; without `train_cfg` the head
            cannot be trained.
    """

    cell_centres: Tensor

    def __init__(
        self,
        in_channels: int,
        num_proposals: int,
        num_classes: int,
        hidden_channel: int,
        decoder_layer: Mapping[str, Any],
        common_heads: Mapping[str, Sequence[int]],
        bbox_coder: Mapping[str, Any],
        test_cfg: Mapping[str, Any],
        num_decoder_layers: int = 1,
        num_heatmap_convs: int = 2,
        nms_kernel_size: int = 3,
        bn_momentum: float = 0.1,
        auxiliary: bool = True,
        train_cfg: Mapping[str, Any] | None = None,
        loss_cls: Mapping[str, Any] | None = None,
        loss_heatmap: Mapping[str, Any] | None = None,
        loss_bbox: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        if test_cfg["nms_type"] not in (None, "circle", "rotate"):
            raise InvalidField("bbox_head.test_cfg.nms_type", "null, circle or rotate", test_cfg["nms_type"])
        self.nms_type = test_cfg["nms_type"]
        self.num_proposals = num_proposals
        self.num_classes = num_classes
        self.nms_kernel_size = nms_kernel_size
        self.classes_without_peak_search = _CLASSES_WITHOUT_PEAK_SEARCH[test_cfg["dataset"]]
        self.bbox_coder = TASK_UTILS.build(dict(bbox_coder))
        self._losses: TransFusionLosses | None = None
        if train_cfg is not None:
            self._losses = TransFusionLosses(
                num_classes,
                self.bbox_coder,
                auxiliary,
                train_cfg,
                loss_cls or _LOSS_CLS,
                loss_heatmap or _LOSS_HEATMAP,
                loss_bbox or _LOSS_BBOX,
            )

        self.shared_conv = nn.Conv2d(in_channels, hidden_channel, 3, padding=1)
        heat = nn.Conv2d(hidden_channel, num_classes, 3, padding=1)
        _start_at_prior(heat)
        self.heatmap_head = nn.Sequential(
            ConvModule(hidden_channel, hidden_channel, 3, padding=1, norm_cfg={"type": "BN2d"}), heat
        )
        self.class_encoding = nn.Conv1d(num_classes, hidden_channel, 1)
        self.decoder = nn.ModuleList(MODELS.build(dict(decoder_layer)) for _ in range(num_decoder_layers))
        heads = {**common_heads, "heatmap": (num_classes, num_heatmap_convs)}
        conv1d = {"conv_cfg": {"type": "Conv1d"}, "norm_cfg": {"type": "BN1d"}}
        self.prediction_heads = nn.ModuleList(SeparateHead(hidden_channel, heads, **conv1d) for _ in self.decoder)
        for separate_head in self.prediction_heads:
            _start_at_prior(separate_head.heatmap[-1])  # ty: ignore[not-subscriptable]
        cells = [size // test_cfg["out_size_factor"] for size in test_cfg["grid_size"][:2]]
        self.register_buffer("cell_centres", _cell_centres(*cells), persistent=False)
        self._initialise(bn_momentum)

    def _initialise(self, bn_momentum: float) -> None:
        for parameter in self.decoder.parameters():
            if parameter.dim() > 1:
                nn.init.xavier_uniform_(parameter)
        for module in self.modules():
            if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
                module.momentum = bn_momentum

    def forward(self, features: Tensor) -> HeadOutputs:
        """Predicts from a BEV map [B, in_channels, X, Y]."""
        shared = self.shared_conv(features)
        dense_heatmap = self.heatmap_head(shared)
        flat = shared.flatten(2).mT
        labels, cells, heat = self._peaks(dense_heatmap.detach().sigmoid())

        query = torch.take_along_dim(flat, cells[..., None], 1)
        one_hot = functional.one_hot(labels, self.num_classes).to(query.dtype)
        query = query + self.class_encoding(one_hot.mT).mT
        positions = self.cell_centres[cells]
        layers = self._decoded(query, flat, positions)
        query_scores = torch.take_along_dim(heat, cells[:, None, :], 2)
        return HeadOutputs(dense_heatmap, labels, query_scores, layers)

    def _decoded(self, query: Tensor, key: Tensor, positions: Tensor) -> tuple[dict[str, Tensor], ...]:
        layers = []
        key_positions = self.cell_centres.expand(len(key), -1, -1)
        for decoder_layer, heads in zip(self.decoder, self.prediction_heads, strict=True):
            query = decoder_layer(query, key, positions, key_positions)
            predicted = heads(query.mT)
            predicted["center"] = predicted["center"] + positions.mT
            positions = predicted["center"].detach().mT
            layers.append(predicted)
        return tuple(layers)

    def _peaks(self, heat: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Class [B, P] and cell [B, P] of the hottest peaks, and the heat [B, classes, X * Y] with non-peaks at 0.

        Cells closer to the map's edge than the window reaches are no peaks.
        """
        margin = self.nms_kernel_size // 2
        highest = functional.max_pool2d(heat, self.nms_kernel_size, stride=1)
        highest = functional.pad(highest, (margin,) * 4)
        for label in self.classes_without_peak_search:
            highest[:, label] = heat[:, label]
        peaks = (heat * (heat == highest)).flatten(2)
        best = peaks.flatten(1).topk(self.num_proposals).indices
        return best // peaks.shape[-1], best % peaks.shape[-1], peaks

    def loss(self, outputs: HeadOutputs, targets: Sequence[BoxTargets]) -> dict[str, Tensor]:
        """`TransFusionLosses` of the outputs of a batch.

        Raises:
            InvalidField: The head has no `train_cfg`, or there is not one target for each frame.
        """
        if self._losses is None:
            raise InvalidField("bbox_head.train_cfg", "a training configuration", None)
        if len(targets) != len(outputs.dense_heatmap):
            raise InvalidField("targets", f"one for each of {len(outputs.dense_heatmap)} frames", len(targets))
        return self._losses(outputs, targets)

    def predict(self, outputs: HeadOutputs) -> list[LidarDetections]:
        """Detections of each frame, from the last decoder layer: classification score times heat at the peak."""
        last = outputs.layers[-1]
        own_class = functional.one_hot(outputs.query_labels, self.num_classes).mT
        scores = last["heatmap"].sigmoid() * outputs.query_scores * own_class
        detected = self.bbox_coder.decode(scores.float(), **regression(last))
        return detected if self.nms_type is None else [_suppressed(frame, self.nms_type) for frame in detected]


def _suppressed(detections: LidarDetections, nms_type: str) -> LidarDetections:
    """Without lesser boxes of a small class near a better one; large objects keep apart by themselves."""
    kept = ~torch.isin(detections.labels, detections.labels.new_tensor(_SMALL_CLASSES))
    for label in _SMALL_CLASSES:
        members = torch.nonzero(detections.labels == label).squeeze(1)
        boxes, scores = detections.boxes_lidar[members], detections.scores[members]
        if nms_type == "circle":
            survivors = circle_nms(boxes[:, :2], scores, _NMS_THRESHOLD)
        else:
            survivors = rotated_nms(boxes[:, [0, 1, 3, 4, 6]], scores, _NMS_THRESHOLD)
        kept[members[survivors]] = True
    return LidarDetections(detections.boxes_lidar[kept], detections.scores[kept], detections.labels[kept])


def _start_at_prior(convolution: Any) -> None:
    nn.init.constant_(convolution.bias, _PRIOR_LOGIT)


def _cell_centres(size_x: int, size_y: int) -> Tensor:
    """Centres of all BEV cells in units of cells, float32 [X * Y, 2], x-major like a flattened map."""
    x, y = torch.meshgrid(torch.arange(size_x) + 0.5, torch.arange(size_y) + 0.5, indexing="ij")
    return torch.stack((x.flatten(), y.flatten()), 1)
