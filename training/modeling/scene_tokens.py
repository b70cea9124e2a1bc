"""Scene tokens of a training batch: from cached features, or from the sensors through the encoders."""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor

from perception_service.models.bevfusion.inputs import BevFusionInputs
from perception_service.models.perception_model import PerceptionModel
from perception_service.models.tokens.vector_inputs import VectorInputs
from waymend.vocabulary import MODALITIES

Batch = Mapping[str, Any]


class TokenSet(NamedTuple):
    """Tokens of one modality.

    Attributes:
        values: [B, N, width].
        mask: bool [B, N], True where a token is real; nowhere in a sample that is without the modality.
    """

    values: Tensor
    mask: Tensor

    def of_samples(self) -> list[Tensor]:
        """The real tokens [n, width] of each sample that has any."""
        return [tokens[real] for tokens, real in zip(self.values, self.mask, strict=True) if real.any()]


def scene_tokens(perception: PerceptionModel, batch: Batch, modalities: Collection[str]) -> dict[str, TokenSet]:
    """Tokens of the given modalities, made also where no sample has them, so that all ranks do the same.

    Args:
        perception: Whose encoders run; BEVFusion only where the batch has `sensors`.
        batch: `modality_present` bool [B, 3], and per modality `image_features` [B, N, C, fH, fW], `bev_features`
            [B, C, X, Y], `vector` (fields of `VectorInputs`); instead of the first two, `sensors` (fields of
            `BevFusionInputs`). N cameras are the first N of `CAMERA_NAMES`.
        modalities: Enabled ones.
    """
    present = dict(zip(MODALITIES, batch["modality_present"].unbind(1), strict=True))
    features = _features(perception, batch, modalities)
    made: dict[str, TokenSet] = {}
    if "image" in modalities:
        image = features["image"]
        made["image"] = _always_full(perception.image_tokens(image, range(image.shape[1])))
    if "bev" in modalities:
        made["bev"] = _always_full(perception.bev_tokens(features["bev"]))
    if "vector" in modalities:
        made["vector"] = TokenSet(*perception.vector_tokens(VectorInputs(**batch["vector"])))
    return {name: TokenSet(tokens.values, tokens.mask & present[name][:, None]) for name, tokens in made.items()}


def _features(perception: PerceptionModel, batch: Batch, wanted: Collection[str]) -> dict[str, Tensor]:
    if "sensors" not in batch:
        return {name: batch[f"{name}_features"] for name in ("image", "bev") if name in wanted}
    inputs = BevFusionInputs(**batch["sensors"])
    if "bev" in wanted:
        image, bev = perception.token_features(inputs)
        return {"image": image, "bev": bev}
    if "image" in wanted:
        return {"image": perception.image_features(inputs.images)}
    return {}


def _always_full(values: Tensor) -> TokenSet:
    return TokenSet(values, torch.ones(values.shape[:2], dtype=torch.bool, device=values.device))
