import json
from typing import Any

import pytest

from perception_service.models.config import PerceptionConfig
from perception_service.models.perception_model import PerceptionModel
from perception_service.models.presets import PRESET_NAMES, preset
from waymend.errors import InvalidField


@pytest.mark.parametrize("name", PRESET_NAMES)
def test_presets_survive_json(name):
    assert json.loads(json.dumps(preset(name))) == preset(name)


def test_building_a_model_leaves_its_configuration_alone():
    config = preset("tiny")
    PerceptionModel.from_config(config)
    assert config == preset("tiny")


def test_the_tiny_model_fits_a_small_bundle(tiny_model):
    """Under 10 MB as float16."""
    assert sum(parameter.numel() for parameter in tiny_model.parameters()) < 5e6


def test_an_unknown_preset_is_named():
    with pytest.raises(InvalidField, match="huge"):
        preset("huge")


def test_an_unknown_key_is_refused_with_a_suggestion():
    config = preset("tiny") | {"agent_score_treshold": 0.1}
    with pytest.raises(InvalidField, match=r"agent_score_treshold: expected `agent_score_threshold`"):
        PerceptionConfig.parse(config)


@pytest.mark.parametrize("name", ["mean", "std", "voxelize_cfg"])
def test_a_preprocessor_without_its_values_is_named(name):
    config = preset("tiny")
    del config["bevfusion"]["data_preprocessor"][name]
    with pytest.raises(InvalidField, match=rf"config\.bevfusion\.data_preprocessor\.{name}"):
        PerceptionConfig.parse(config)


VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {
    "a segmentation head": (r"model\.seg_head: expected none, given SegHead", {"seg_head": {"type": "SegHead"}}),
    "another voxel encoder": ("model.pts_voxel_encoder.type", {"pts_voxel_encoder": {"type": "DynamicVFE"}}),
    "an unknown class": ("StrangeFuser", {"fusion_layer": {"type": "StrangeFuser"}}),
    "an unknown argument": ("vtransform", {"vtransform": {"type": "DepthLSSTransform"}}),
    "a lack of cameras": ("img_backbone", {"img_backbone": None}),
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_detector_that_cannot_be_built_is_named(variant):
    message, changes = VARIANTS[variant]
    config = preset("tiny")
    config["bevfusion"] = {name: part for name, part in (config["bevfusion"] | changes).items() if part is not None}
    with pytest.raises(InvalidField, match=message):
        PerceptionModel.from_config(config)


def test_a_missing_key_is_named():
    config = preset("tiny")
    del config["points"]["close_radius_m"]
    with pytest.raises(InvalidField, match=r"config\.points\.close_radius_m"):
        PerceptionConfig.parse(config)
