"""An mmengine config file in the shape of the published one becomes our configuration."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from perception_service.models.config import PerceptionConfig
from perception_service.models.official_config import read_official_config
from perception_service.models.presets import OFFICIAL, preset
from waymend.errors import InvalidField
from waymend.vocabulary import OBJECT_CLASSES

Change = Callable[[dict[str, Any], list[dict[str, Any]]], object]


def write_config(directory: Path, change: Change = lambda model, pipeline: None, base: str = "") -> Path:
    """A LiDAR file, and a camera file that is based on it, as mmdetection3d splits them."""
    official = preset(OFFICIAL)
    model = official["bevfusion"]
    model["img_backbone"]["init_cfg"] = {"type": "Pretrained", "checkpoint": "https://example.invalid/swin.pth"}
    model["fusion_layer"]["in_channels"] = tuple(model["fusion_layer"]["in_channels"])
    pipeline: list[dict[str, Any]] = [
        {"type": "BEVLoadMultiViewImageFromFiles", "to_float32": True, "color_type": "color"},
        {"type": "ImageAug3D", "final_dim": [256, 704], "resize_lim": [0.48, 0.48], "is_train": False},
        {"type": "PointsRangeFilter", "point_cloud_range": official["points"]["range_m"]},
    ]
    change(model, pipeline)
    camera = ("img_backbone", "img_neck", "view_transform", "vtransform", "fusion_layer")
    lidar_half = {name: part for name, part in model.items() if name not in camera}
    camera_half = {name: part for name, part in model.items() if name in camera}
    (directory / "lidar.py").write_text(
        f"{base}custom_imports = dict(imports=['projects.BEVFusion.bevfusion'], allow_failed_imports=False)\n"
        f"class_names = {list(OBJECT_CLASSES)!r}\nmodel = {lidar_half!r}\n"
    )
    path = directory / f"{OFFICIAL}.py"
    path.write_text(
        f"_base_ = ['./lidar.py']\nmodel = {camera_half!r}\n"
        f"test_pipeline = {pipeline!r}\ntest_dataloader = dict(dataset=dict(pipeline=test_pipeline))\n"
    )
    return path


@pytest.mark.parametrize("base", ["", "_base_ = ['mmdet3d::_base_/default_runtime.py']\n"])
def test_the_published_values_make_the_built_in_preset(tmp_path, base):
    config = read_official_config(write_config(tmp_path, base=base))
    assert config == preset(OFFICIAL)
    assert PerceptionConfig.parse(json.loads(json.dumps(config))).image.size == (256, 704)


def test_other_values_are_followed(tmp_path):
    def change(model, pipeline):
        pipeline[1].update(final_dim=[384, 1056], resize_lim=[0.72, 0.72])
        model["view_transform"].update(image_size=[384, 1056], feature_size=[48, 132])
        model["bbox_head"]["num_proposals"] = 300

    config = read_official_config(write_config(tmp_path, change))
    assert config["image"] == {"size": [384, 1056], "resized_width": 1152}
    assert config["tokens"]["image"]["feature_size"] == [48, 132]
    assert config["bevfusion"]["bbox_head"]["num_proposals"] == 300


UNSUPPORTED: dict[str, tuple[str, Change]] = {
    "another detector": ("model.type", lambda model, _: model.update(type="CenterPoint")),
    "an older project": ("model.vtransform", lambda model, _: model.update(vtransform=model.pop("view_transform"))),
    "no cameras": ("model.img_backbone", lambda model, _: model.pop("img_backbone")),
    "a segmentation head": ("model.seg_head", lambda model, _: model.update(seg_head={"type": "SegHead"})),
    "a random resize": ("test_pipeline.ImageAug3D", lambda _, pipeline: pipeline[1].update(resize_lim=[0.4, 0.5])),
    "an encoder of another kind": (
        r"model\.pts_middle_encoder\.type: expected BEVFusionSparseEncoder, given SparseEncoder",
        lambda model, _: model["pts_middle_encoder"].update(type="SparseEncoder"),
    ),
    "swapped colours": (
        r"model\.data_preprocessor\.bgr_to_rgb: expected False, given True",
        lambda model, _: model["data_preprocessor"].update(bgr_to_rgb=True),
    ),
    "a loader of BGR images": (
        "expected a step BEVLoadMultiViewImageFromFiles",
        lambda _, pipeline: pipeline[0].update(type="LoadMultiViewImageFromFiles"),
    ),
    "no means": (r"data_preprocessor\.mean", lambda model, _: model["data_preprocessor"].pop("mean")),
    "a cut below": ("bot_pct_lim", lambda _, pipeline: pipeline[1].update(bot_pct_lim=[0.0, 0.2])),
    "images of two sizes": (
        r"model\.view_transform\.image_size: expected \(256, 704\), given \(128, 704\)",
        lambda model, _: model["view_transform"].update(image_size=[128, 704]),
    ),
    "points without time lag": (
        "LoadPointsFromMultiSweeps.use_dim",
        lambda _, pipeline: pipeline.append({"type": "LoadPointsFromMultiSweeps", "use_dim": 4}),
    ),
    "no range filter": ("test_pipeline", lambda _, pipeline: pipeline.pop()),
}


@pytest.mark.parametrize("variant", UNSUPPORTED)
def test_unsupported_variants_are_named(tmp_path, variant):
    field, change = UNSUPPORTED[variant]
    with pytest.raises(InvalidField, match=field):
        read_official_config(write_config(tmp_path, change))


@pytest.mark.parametrize("text", ["model = (", "_base_ = ['./missing.py']\n"])
def test_a_file_that_cannot_be_read_is_named(tmp_path, text):
    (tmp_path / "broken.py").write_text(text)
    with pytest.raises(InvalidField, match=r"broken\.py: expected an mmengine config file"):
        read_official_config(tmp_path / "broken.py")
