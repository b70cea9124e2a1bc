"""Reads mmdetection3d's own BEVFusion config file into our configuration form."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mmengine.config import Config

from perception_service.models.official_preset import official_preset
from waymend.errors import InvalidField
from waymend.vocabulary import OBJECT_CLASSES

_ORIGINAL_WIDTH_PX = 1600
"""Width of nuScenes' images, which `resize_lim` scales."""
_LOADER = "BEVLoadMultiViewImageFromFiles"
_POINT_FEATURES = (5, [0, 1, 2, 3, 4])
"""Ways to say that x, y, z, intensity and time lag are read."""
_SUPPORTED_TYPES = {
    "view_transform": ("DepthLSSTransform", "LSSTransform"),
    "pts_voxel_encoder": ("HardSimpleVFE",),
    "pts_middle_encoder": ("BEVFusionSparseEncoder",),
    "fusion_layer": ("ConvFuser",),
    "bbox_head": ("TransFusionHead",),
}
_WITHOUT_EFFECT_ON_SERVING = ("init_cfg", "pretrained")


def read_official_config(path: Path) -> dict[str, Any]:
    """The configuration that `PerceptionConfig.parse` reads, with fresh token makers of the default budget.

    The modules that `custom_imports` names are not imported: the registered classes here stand in for them. A `_base_`
    of the form `mmdet3d::...` is found in the installed mmdet3d.

    Raises:
        InvalidField: The file cannot be read, or describes a variant that is not supported; `field` is its path in the
            file.
    """
    try:
        config = Config.fromfile(path, import_custom_modules=False, use_environment_variables=False).to_dict()
    except (OSError, SyntaxError, AttributeError, KeyError, NameError, TypeError, ValueError) as error:
        raise InvalidField(str(path), "an mmengine config file and all that its _base_ names", error) from None
    model = _plain(_part(config, "model"))
    _check_variant(config, model)
    pipeline = _test_pipeline(config)
    _check_images(model, pipeline)
    _check_points(pipeline)
    height, width = _final_size(pipeline)
    published = official_preset()
    return published | {
        "preset": path.stem,
        "image": {"size": [height, width], "resized_width": _resized_width(pipeline)},
        "points": published["points"] | {"range_m": _points_range(pipeline)},
        "bevfusion": model,
        "tokens": _fitted_tokens(published["tokens"], model),
    }


def _check_variant(config: Mapping[str, Any], model: Mapping[str, Any]) -> None:
    _expect("model.type", model.get("type"), "BEVFusion")
    if "vtransform" in model:
        raise InvalidField("model.vtransform", "view_transform, its name since mmdetection3d 1.2", "vtransform")
    for branch in ("img_backbone", "img_neck", "view_transform", "fusion_layer"):
        if model.get(branch) is None:
            raise InvalidField(f"model.{branch}", "a camera branch: image tokens come from it", "none")
    if model.get("seg_head") is not None:
        raise InvalidField("model.seg_head", "none", model["seg_head"].get("type"))
    _expect("class_names", tuple(config.get("class_names", OBJECT_CLASSES)), OBJECT_CLASSES)
    for part, types in _SUPPORTED_TYPES.items():
        given = _part(config, "model", part).get("type")
        if given not in types:
            raise InvalidField(f"model.{part}.type", " or ".join(types), given)


def _check_images(model: Mapping[str, Any], pipeline: Mapping[str, Mapping[str, Any]]) -> None:
    """The network must see RGB, as BEVFusion's loader reads it, scaled and cut off above only."""
    _expect(f"test_pipeline.{_LOADER}.color_type", _step(pipeline, _LOADER).get("color_type"), "color")
    preprocessor = _part({"model": model}, "model", "data_preprocessor")
    for swap in ("bgr_to_rgb", "rgb_to_bgr"):
        _expect(f"model.data_preprocessor.{swap}", preprocessor.get(swap, False), False)
    for statistic in ("mean", "std"):
        given = preprocessor.get(statistic)
        if given is None or len(given) != 3:
            raise InvalidField(f"model.data_preprocessor.{statistic}", "a value each for R, G and B", given)
    cut_below = _step(pipeline, "ImageAug3D").get("bot_pct_lim", (0.0, 0.0))
    _expect("test_pipeline.ImageAug3D.bot_pct_lim", tuple(cut_below), (0.0, 0.0))
    _expect("model.view_transform.image_size", tuple(model["view_transform"]["image_size"]), _final_size(pipeline))


def _check_points(pipeline: Mapping[str, Mapping[str, Any]]) -> None:
    for name in ("LoadPointsFromFile", "LoadPointsFromMultiSweeps"):
        given = pipeline.get(name, {}).get("use_dim", 5)
        if given not in _POINT_FEATURES:
            raise InvalidField(f"test_pipeline.{name}.use_dim", "5: x, y, z, intensity, time lag", given)


def _test_pipeline(config: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    steps = config.get("test_pipeline")
    if steps is None:
        steps = _part(config, "test_dataloader", "dataset", "pipeline")
    return {step["type"]: step for step in steps}


def _final_size(pipeline: Mapping[str, Mapping[str, Any]]) -> tuple[int, int]:
    height, width = _step(pipeline, "ImageAug3D")["final_dim"]
    return height, width


def _resized_width(pipeline: Mapping[str, Mapping[str, Any]]) -> int:
    low, high = _step(pipeline, "ImageAug3D")["resize_lim"]
    _expect("test_pipeline.ImageAug3D.resize_lim", high, low)
    return int(_ORIGINAL_WIDTH_PX * low)


def _points_range(pipeline: Mapping[str, Mapping[str, Any]]) -> list[float]:
    return list(_step(pipeline, "PointsRangeFilter")["point_cloud_range"])


def _fitted_tokens(tokens: Mapping[str, Any], model: Mapping[str, Any]) -> dict[str, Any]:
    image_features = {
        "in_channels": model["img_neck"]["out_channels"],
        "feature_size": list(model["view_transform"]["feature_size"]),
    }
    bev_features = {"in_channels": model["bbox_head"]["in_channels"]}
    return {**tokens, "bev": tokens["bev"] | bev_features, "image": tokens["image"] | image_features}


def _part(config: Mapping[str, Any], *names: str) -> Any:
    part: Any = config
    for depth, name in enumerate(names, start=1):
        if name not in part:
            raise InvalidField(".".join(names[:depth]), "an entry", "nothing")
        part = part[name]
    return part


def _step(pipeline: Mapping[str, Mapping[str, Any]], name: str) -> Mapping[str, Any]:
    if name not in pipeline:
        raise InvalidField("test_pipeline", f"a step {name}", ", ".join(pipeline))
    return pipeline[name]


def _expect(field: str, given: object, expected: object) -> None:
    if given != expected:
        raise InvalidField(field, str(expected), given)


def _plain(value: Any) -> Any:
    """Lists for tuples, as JSON has them, and without what only matters before training."""
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items() if name not in _WITHOUT_EFFECT_ON_SERVING}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(part) for part in value]
    return value
