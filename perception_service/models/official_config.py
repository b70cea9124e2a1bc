"""Reads mmdetection3d's own BEVFusion config file into our configuration form."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mmengine.config import Config

from perception_service.models.official_preset import official_tokens
from waymend.errors import InvalidField
from waymend.vocabulary import OBJECT_CLASSES

_ORIGINAL_WIDTH_PX = 1600
"""Width of nuScenes' images, which `resize_lim` scales."""
_AGENT_SCORE_THRESHOLD = 0.3
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
        raise InvalidField(str(path), "an mmengine config file", error) from None
    model = _plain(_part(config, "model"))
    _check_variant(config, model)
    pipeline = _test_pipeline(config)
    height, width = _final_size(pipeline)
    return {
        "preset": path.stem,
        "image": {"size": [height, width], "resized_width": _resized_width(pipeline)},
        "points": {"range_m": _points_range(pipeline), "close_radius_m": 0.0},
        "agent_score_threshold": _AGENT_SCORE_THRESHOLD,
        "bevfusion": model,
        "tokens": _tokens(model),
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
    _expect("model.bbox_head.type", model["bbox_head"].get("type"), "TransFusionHead")


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


def _tokens(model: Mapping[str, Any]) -> dict[str, Any]:
    tokens = official_tokens()
    tokens["bev"]["in_channels"] = model["bbox_head"]["in_channels"]
    tokens["image"]["in_channels"] = model["img_neck"]["out_channels"]
    tokens["image"]["feature_size"] = list(model["view_transform"]["feature_size"])
    return tokens


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
