"""The whole perception network: BEVFusion and the makers of its three token sets."""

from collections.abc import Mapping
from typing import Any, Self

from torch import nn

from perception_service.models.bevfusion.build import build_bevfusion
from perception_service.models.config import PerceptionConfig
from perception_service.models.tokens.bev_tokens import BevTokens
from perception_service.models.tokens.image_tokens import ImageTokens
from perception_service.models.tokens.vector_encoder import VectorEncoder


class PerceptionModel(nn.Module):
    """Holds the parts; `PerceptionPipeline` runs them on a scene, a trainer on batches.

    Attributes:
        config: What the model was built from.
        bevfusion: `BevFusionInputs` to image features, BEV features and head outputs.
        bev_tokens: BEV features to tokens.
        image_tokens: Image features to tokens.
        vector_tokens: `VectorInputs` to tokens and their mask.
    """

    def __init__(self, config: PerceptionConfig) -> None:
        super().__init__()
        self.config = config
        self.bevfusion = build_bevfusion(config.bevfusion)
        self.bev_tokens = BevTokens(**config.tokens["bev"])
        self.image_tokens = ImageTokens(**config.tokens["image"])
        self.vector_tokens = VectorEncoder(**config.tokens["vector"])

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """Builds a model with fresh weights from the dictionary form of its configuration.

        Raises:
            InvalidField: The configuration has a missing or unknown key.
        """
        return cls(PerceptionConfig.parse(config))
