"""Builds a detector from its config; importing this module registers every class that a config may name."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from mmdet3d.registry import MODELS

from perception_service.models.bevfusion import (
    conv_fuser,
    depth_lss_transform,
    generalized_lss_fpn,
    heuristic_assigner,
    hungarian_assigner,
    lss_transform,
    pillar_encoder,
    sparse_encoder,
    transformer_decoder_layer,
)
from perception_service.models.bevfusion.bevfusion import BEVFusion
from waymend.errors import InvalidField

REGISTERED_MODULES = (
    conv_fuser,
    depth_lss_transform,
    generalized_lss_fpn,
    heuristic_assigner,
    hungarian_assigner,
    lss_transform,
    pillar_encoder,
    sparse_encoder,
    transformer_decoder_layer,
)


def build_bevfusion(config: Mapping[str, Any]) -> BEVFusion:
    """Builds the detector that `config` (mmdet3d style, `type` first) describes, with fresh weights.

    Raises:
        InvalidField: The config names a class that is not registered, or an argument that its class does not take.
    """
    try:
        return MODELS.build(deepcopy(dict(config)))
    except (KeyError, TypeError) as error:
        given = str(error.args[0] if error.args else error)
        raise InvalidField("model", "registered classes with their own arguments", given) from error
