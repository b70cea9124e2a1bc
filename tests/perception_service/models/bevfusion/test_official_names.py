"""The official model's state-dict names and shapes, whole.

`official_names.json` lists those of mmdetection3d 1.4.0's lidar-camera nuScenes model.
"""

import json
from pathlib import Path

import pytest
import torch

from perception_service.models.bevfusion.build import build_bevfusion
from perception_service.models.presets import OFFICIAL, preset

OFFICIAL_SHAPES = json.loads((Path(__file__).parent / "official_names.json").read_text())


@pytest.fixture(scope="module")
def official_model():
    torch.manual_seed(0)
    return build_bevfusion(preset(OFFICIAL)["bevfusion"])


def test_names_and_shapes_equal_the_official_ones(official_model):
    ours = {name: list(tensor.shape) for name, tensor in official_model.state_dict().items()}
    assert ours == OFFICIAL_SHAPES


def test_our_small_detector_names_its_parts_as_the_official_one_does(tiny_model):
    parts = {name.split(".")[0] for name in tiny_model.bevfusion.state_dict()}
    assert parts == {name.split(".")[0] for name in OFFICIAL_SHAPES}


def test_an_official_state_dict_loads_strictly_in_both_sparse_layouts(official_model):
    spconv = official_model.state_dict()
    mmcv = {
        name: tensor.permute(1, 2, 3, 4, 0).contiguous()
        if name.startswith("pts_middle_encoder.") and tensor.dim() == 5
        else tensor
        for name, tensor in spconv.items()
    }
    for state in (spconv, mmcv):
        other = build_bevfusion(preset(OFFICIAL)["bevfusion"])
        other.load_state_dict(state, strict=True)
        for name, tensor in other.state_dict().items():
            assert torch.equal(tensor, spconv[name]), name
