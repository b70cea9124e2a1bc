"""Training of the detection head: assignment, targets and losses."""

import itertools
import math

import pytest
import torch
from mmdet3d.registry import MODELS, TASK_UTILS

from perception_service.models.bevfusion import build as _registers_modules  # noqa: F401
from perception_service.models.bevfusion.assignment import Queries
from perception_service.models.bevfusion.heatmap_targets import HeatmapGrid, heatmap_targets
from perception_service.models.bevfusion.transfusion_head import TransFusionHead
from perception_service.models.bevfusion.transfusion_losses import BoxTargets
from perception_service.models.head_preset import head_preset
from perception_service.models.presets import OFFICIAL, preset
from waymend.errors import InvalidField

RANGE_M = [-12.8, -12.8, -5.0, 12.8, 12.8, 3.0]
GRID = {"grid_size": [128, 128, 1], "out_size_factor": 4}
OFFICIAL_HEAD = preset(OFFICIAL)["bevfusion"]["bbox_head"]
TRAIN_CFG = {**OFFICIAL_HEAD["train_cfg"], **GRID, "point_cloud_range": RANGE_M, "voxel_size": [0.2, 0.2, 8.0]}
ASSIGNER = TRAIN_CFG["assigner"]
CAR = [3.0, -4.0, -1.0, 4.5, 1.9, 1.6, 0.7, 2.0, 1.0]
CONE = [-5.0, 6.0, -1.2, 0.4, 0.4, 0.8, 0.0, 0.0, 0.0]


def make_head(**changes) -> TransFusionHead:
    """The official head and losses on a map of 32x32 cells, small and without dropout."""
    torch.manual_seed(0)
    small = head_preset(
        queries=12,
        in_channels=8,
        width=16,
        attention_heads=2,
        grid=GRID["grid_size"],
        voxels_per_cell=4,
        low_corner_m=RANGE_M[:2],
        voxel_size_m=[0.2, 0.2],
    )
    small["bbox_coder"]["post_center_range"] = [-20.0, -20.0, -10.0, 20.0, 20.0, 10.0]
    for attention in ("self_attn_cfg", "cross_attn_cfg"):
        small["decoder_layer"][attention]["dropout"] = 0.0
    small["decoder_layer"]["ffn_cfg"]["ffn_drop"] = 0.0
    losses = {name: OFFICIAL_HEAD[name] for name in ("auxiliary", "loss_cls", "loss_heatmap", "loss_bbox")}
    return MODELS.build({**small, **losses, "train_cfg": TRAIN_CFG, **changes})


def targets(*boxes, labels) -> BoxTargets:
    return BoxTargets(torch.tensor(boxes).reshape(-1, 9), torch.tensor(labels, dtype=torch.int64))


def total(losses) -> torch.Tensor:
    return torch.stack([value for name, value in losses.items() if "loss" in name]).sum()


def test_training_on_one_frame_lowers_every_loss_and_reaches_every_weight():
    head = make_head()
    features = torch.randn(1, 8, 32, 32)
    wanted = [targets(CAR, CONE, labels=[0, 9])]
    optimiser = torch.optim.AdamW(head.parameters(), lr=3e-3)
    history = []
    for _ in range(30):
        losses = head.loss(head(features), wanted)
        optimiser.zero_grad()
        total(losses).backward()
        assert all(parameter.grad is not None for parameter in head.parameters())
        optimiser.step()
        history.append({name: float(value.detach()) for name, value in losses.items()})
    assert set(history[0]) == {"loss_heatmap", "layer_-1_loss_cls", "layer_-1_loss_bbox", "matched_ious"}
    for name in ("loss_heatmap", "layer_-1_loss_cls", "layer_-1_loss_bbox"):
        assert history[-1][name] < 0.7 * history[0][name], name


def test_the_assigner_by_distance_trains_too():
    head = make_head(train_cfg={**TRAIN_CFG, "assigner": {"type": "HeuristicAssigner3D", "dist_thre": 100.0}})
    losses = head.loss(head(torch.randn(1, 8, 32, 32)), [targets(CAR, CONE, labels=[0, 9])])
    total(losses).backward()
    assert losses["layer_-1_loss_bbox"] > 0


def test_every_decoder_layer_is_trained_only_where_asked_for():
    features, wanted = torch.randn(1, 8, 32, 32), [targets(CAR, labels=[0])]
    both = make_head(num_decoder_layers=2)
    assert {"layer_0_loss_cls", "layer_-1_loss_cls"} <= set(both.loss(both(features), wanted))
    last = make_head(num_decoder_layers=2, auxiliary=False)
    assert "layer_0_loss_cls" not in last.loss(last(features), wanted)


def test_a_perfect_prediction_costs_no_box_loss():
    head = make_head()
    outputs = head(torch.randn(1, 8, 32, 32))
    code = head.bbox_coder.encode(torch.tensor([CAR]))[0]
    layer = outputs.layers[0]
    splits = {"center": code[:2], "height": code[2:3], "dim": code[3:6], "rot": code[6:8], "vel": code[8:]}
    with torch.no_grad():
        for name, value in splits.items():
            layer[name][0, :, 5] = value
        layer["heatmap"][0, 0, 5] = 9.0
    losses = head.loss(outputs, [targets(CAR, labels=[0])])
    assert float(losses["layer_-1_loss_bbox"]) == pytest.approx(0.0, abs=1e-5)
    assert float(losses["matched_ious"]) == pytest.approx(1.0, abs=1e-4)


def test_frames_without_objects_teach_only_emptiness():
    head = make_head()
    losses = head.loss(head(torch.randn(2, 8, 32, 32)), [targets(labels=[]), targets(CAR, labels=[0])])
    assert torch.isfinite(total(losses))
    empty = head.loss(head(torch.randn(1, 8, 32, 32)), [targets(labels=[])])
    assert float(empty["layer_-1_loss_bbox"]) == 0.0
    assert float(empty["layer_-1_loss_cls"]) > 0.0


def test_an_unknown_velocity_is_not_trained_and_poisons_nothing():
    head = make_head()
    outputs = head(torch.randn(1, 8, 32, 32))
    unknown = [*CAR[:7], math.nan, math.nan]
    losses = head.loss(outputs, [targets(unknown, labels=[0])])
    assert torch.isfinite(total(losses))
    total(losses).backward()
    velocity = head.prediction_heads[0].vel[-1].weight.grad
    assert velocity is not None
    assert not velocity.any()


def test_objects_off_the_map_are_left_out():
    head = make_head()
    outputs = head(torch.randn(1, 8, 32, 32))
    far = [200.0, *CAR[1:]]
    with_far = head.loss(outputs, [targets(CAR, far, labels=[0, 0])])
    without = head.loss(outputs, [targets(CAR, labels=[0])])
    assert float(total(with_far)) == float(total(without))


def test_the_assignment_is_the_cheapest_of_all():
    torch.manual_seed(1)
    assigner = TASK_UTILS.build(dict(ASSIGNER))
    boxes = torch.tensor(CAR).repeat(4, 1) + torch.randn(4, 9) * torch.tensor([3.0, 3, 0.3, 0, 0, 0, 1, 0, 0])
    objects, labels = torch.tensor([CAR, CONE, [*CAR[:2], -1, 4, 2, 2, 0, 0, 0]]), torch.tensor([0, 9, 0])
    logits, range_m = torch.randn(4, 10), torch.tensor(RANGE_M)
    rows, columns, _ = assigner.assign(
        Queries(boxes, logits, torch.zeros(len(boxes), dtype=torch.int64)), objects, labels, range_m
    )

    from mmengine.structures import InstanceData

    from perception_service.ops.rotated_iou import boxes_iou_3d

    cost = assigner.cls_cost(InstanceData(scores=logits), InstanceData(labels=labels))
    cost = cost + assigner.reg_cost(boxes, objects, range_m) - 0.25 * boxes_iou_3d(boxes, objects)
    cheapest = min(float(cost[list(choice), range(3)].sum()) for choice in itertools.permutations(range(4), 3))
    assert float(cost[rows, columns].sum()) == pytest.approx(cheapest)


def test_blobs_peak_at_the_objects_cell_x_first():
    grid = HeatmapGrid((32, 32), (0.8, 0.8), (-12.8, -12.8))
    heat = heatmap_targets(torch.tensor([CAR]), torch.tensor([3]), 10, grid, 0.1, 2)
    assert heat.shape == (10, 32, 32)
    assert heat[3].argmax() == int((3.0 + 12.8) / 0.8) * 32 + int((-4.0 + 12.8) / 0.8)
    assert float(heat.max()) == 1.0
    assert not heat[[0, 1, 2, 4, 5, 6, 7, 8, 9]].any()


def test_small_classes_are_suppressed_where_the_configuration_says_so():
    settings = {"dataset": "nuScenes", **GRID}
    outputs = make_head()(torch.zeros(1, 8, 32, 32))
    code = make_head().bbox_coder.encode(torch.tensor([CONE]))[0]
    with torch.no_grad():
        for name, part in {"center": code[:2], "height": code[2:3], "dim": code[3:6], "rot": code[6:8]}.items():
            outputs.layers[0][name][0] = part[:, None]
        outputs.query_labels[:] = 9
        outputs.query_scores[:] = 0.5
    everything = len(make_head(test_cfg={**settings, "nms_type": None}).predict(outputs)[0].scores)
    assert everything > 1
    for kind in ("circle", "rotate"):
        assert len(make_head(test_cfg={**settings, "nms_type": kind}).predict(outputs)[0].scores) == 1
    with pytest.raises(InvalidField, match=r"nms_type: expected null, circle or rotate, given soft"):
        make_head(test_cfg={**settings, "nms_type": "soft"})


def test_a_head_without_training_configuration_and_a_foreign_iou_are_refused():
    head = make_head(train_cfg=None)
    with pytest.raises(InvalidField, match=r"bbox_head\.train_cfg"):
        head.loss(head(torch.randn(1, 8, 32, 32)), [targets(labels=[])])
    foreign = {**ASSIGNER, "iou_calculator": {"type": "BboxOverlapsNearest3D"}}
    with pytest.raises(InvalidField, match=r"assigner\.iou_calculator"):
        TASK_UTILS.build(foreign)
