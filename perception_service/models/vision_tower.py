"""Image features of a transformers vision model, in place of those of BEVFusion's image neck."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from waymend.errors import InvalidField


class VisionTower(nn.Module):
    """Runs a patch transformer (CLIP, SigLIP and others) on the images that BEVFusion is given.

    Args:
        model: Configuration of the vision model, as transformers writes it, `model_type` included.
        mean, std: Per channel, 0..1, with which the vision model wants its pixels normalised.
        feature_size: Rows and columns of patches; images are scaled to that many.
        network_mean, network_std: Per channel, 0..255, with which the given images are normalised.

    Raises:
        InvalidField: The configuration names no vision model with square patches.
    """

    network_mean: Tensor
    network_std: Tensor
    mean: Tensor
    std: Tensor

    def __init__(
        self,
        model: Mapping[str, Any],
        mean: Sequence[float],
        std: Sequence[float],
        feature_size: Sequence[int],
        network_mean: Sequence[float],
        network_std: Sequence[float],
    ) -> None:
        super().__init__()
        self.model, patch = _built(model)
        self.feature_size = (feature_size[0], feature_size[1])
        self.input_size = (patch * feature_size[0], patch * feature_size[1])
        statistics = {"mean": mean, "std": std, "network_mean": network_mean, "network_std": network_std}
        for name, values in statistics.items():
            self.register_buffer(name, torch.tensor(values)[:, None, None], persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        """Features [B, N, C, h, w] of images [B, N, 3, H, W] that are normalised for BEVFusion."""
        pixels = (images.flatten(0, 1) * self.network_std + self.network_mean) / 255.0
        scaled = functional.interpolate(pixels, self.input_size, mode="bilinear", antialias=True, align_corners=False)
        states = self.model((scaled - self.mean) / self.std, interpolate_pos_encoding=True).last_hidden_state
        rows, columns = self.feature_size
        patches = states[:, -rows * columns :]  # Class and register tokens stand before them.
        return patches.mT.unflatten(2, (rows, columns)).unflatten(0, images.shape[:2])


def _built(config: Mapping[str, Any]) -> tuple[nn.Module, int]:
    """The model and the side of its patches in pixels."""
    from transformers import AutoConfig, AutoModel

    try:
        model = AutoModel.from_config(AutoConfig.for_model(**config))
    except (TypeError, ValueError) as error:
        raise InvalidField("config.tokens.image.tower.model", "a vision model of transformers", error) from None
    patch = getattr(model.config, "patch_size", None)
    if not isinstance(patch, int):
        raise InvalidField("config.tokens.image.tower.model", "a model with square patches", type(model).__name__)
    return model, patch
