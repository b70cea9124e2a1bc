"""The whole perception network: BEVFusion and the makers of its three token sets."""

from collections.abc import Mapping
from typing import Any, Self

from torch import Tensor, nn

from perception_service.models.bevfusion.build import build_bevfusion
from perception_service.models.bevfusion.inputs import BevFusionInputs
from perception_service.models.config import PerceptionConfig
from perception_service.models.tokens.bev_tokens import BevTokens
from perception_service.models.tokens.image_tokens import ImageTokens
from perception_service.models.tokens.vector_encoder import VectorEncoder
from perception_service.models.vision_tower import VisionTower


class PerceptionModel(nn.Module):
    """Holds the parts; `PerceptionPipeline` runs them on a scene, a trainer on batches.

    Attributes:
        config: What the model was built from.
        bevfusion: `BevFusionInputs` to image features, BEV features and head outputs.
        bev_tokens: BEV features to tokens.
        vision_tower: Images to the image features that become tokens; None where those are BEVFusion's.
        image_tokens: Image features to tokens.
        vector_tokens: `VectorInputs` to tokens and their mask.
    """

    def __init__(self, config: PerceptionConfig) -> None:
        super().__init__()
        self.config = config
        self.bevfusion = build_bevfusion(config.bevfusion)
        self.bev_tokens = BevTokens(**config.tokens["bev"])
        image, tower = dict(config.tokens["image"]), config.tokens["image"].get("tower")
        image.pop("tower", None)
        self.vision_tower: VisionTower | None = None
        if tower is not None:
            network = {"network_mean": config.image.mean, "network_std": config.image.std}
            self.vision_tower = VisionTower(**tower, **network, feature_size=image["feature_size"])
        self.image_tokens = ImageTokens(**image)
        self.vector_tokens = VectorEncoder(**config.tokens["vector"])

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """Builds a model with fresh weights from the dictionary form of its configuration.

        Raises:
            InvalidField: The configuration has a missing or unknown key.
        """
        return cls(PerceptionConfig.parse(config))

    def token_features(self, inputs: BevFusionInputs) -> tuple[Tensor, Tensor]:
        """What `image_tokens` [B, N, C, fH, fW] and `bev_tokens` [B, C, X, Y] are given of a batch."""
        neck, bev = self.bevfusion.features(inputs)
        return self.token_image_features(inputs.images, neck), bev

    def image_features(self, images: Tensor) -> Tensor:
        """What `image_tokens` is given of images [B, N, 3, H, W], where nothing else of them is wanted."""
        if self.vision_tower is not None:
            return self.vision_tower(images)
        return self.bevfusion.image_features(images).unflatten(0, images.shape[:2])

    def token_image_features(self, images: Tensor, neck_features: Tensor) -> Tensor:
        """The tower's features of images [B, N, 3, H, W]; without a tower, those of BEVFusion's image neck."""
        return neck_features if self.vision_tower is None else self.vision_tower(images)
