"""LiDAR pillars to a BEV map, with dense convolutions."""

from collections.abc import Sequence

import torch
from mmdet3d.registry import MODELS
from torch import Tensor, nn


@MODELS.register_module()
class PillarEncoder(nn.Module):
    """Embeds the mean of each pillar, scatters the embeddings into the grid and convolves it down.

    Takes the place that BEVFusion's sparse encoder has in the official model (`pts_middle_encoder`).

    Args:
        in_channels: Features per point: x, y, z (m), then others.
        feature_scale: Factor per feature that brings it to about -1..1.
        pillar_channels: Width of a pillar's embedding.
        out_channels: Width after each convolution; the last is the width of the map.
        strides: Stride of each convolution.
        grid_size: Pillars along x and y.
        voxel_size: Extent of a pillar along x and y, metres.
        point_cloud_range: x and y of the grid's low corner, metres.
    """

    feature_scale: Tensor
    pillar_size_m: Tensor
    low_corner_m: Tensor

    def __init__(
        self,
        in_channels: int,
        feature_scale: Sequence[float],
        pillar_channels: int,
        out_channels: Sequence[int],
        strides: Sequence[int],
        grid_size: Sequence[int],
        voxel_size: Sequence[float],
        point_cloud_range: Sequence[float],
    ) -> None:
        super().__init__()
        self.grid_size = tuple(grid_size[:2])
        self.pillar_channels = pillar_channels
        self.register_buffer("feature_scale", torch.tensor(feature_scale), persistent=False)
        self.register_buffer("pillar_size_m", torch.tensor(voxel_size[:2]), persistent=False)
        self.register_buffer("low_corner_m", torch.tensor(point_cloud_range[:2]), persistent=False)
        self.embed = nn.Sequential(
            nn.Linear(in_channels + 2, pillar_channels, bias=False), nn.BatchNorm1d(pillar_channels), nn.ReLU()
        )
        layers: list[nn.Module] = []
        widths = [pillar_channels, *out_channels]
        for width_in, width_out, stride in zip(widths[:-1], widths[1:], strides, strict=True):
            layers += [
                nn.Conv2d(width_in, width_out, 3, stride=stride, padding=1, bias=False),
                nn.BatchNorm2d(width_out),
                nn.ReLU(inplace=True),
            ]
        self.downsample = nn.Sequential(*layers)

    def forward(self, features: Tensor, coordinates: Tensor, batch_size: int) -> Tensor:
        """The BEV map [B, C, X, Y] of pillars.

        Args:
            features: float32 [V, in_channels], mean point of each pillar.
            coordinates: int64 [V, 4], frame in the batch, then cell indices x, y, z. V may be 0.
            batch_size: Frames B in the batch.
        """
        size_x, size_y = self.grid_size
        frame, x, y, _ = coordinates.unbind(1)
        embedded = (
            self._embedded(features, coordinates) if len(features) else features.new_zeros(0, self.pillar_channels)
        )
        grid = embedded.new_zeros(batch_size * size_x * size_y, self.pillar_channels)
        grid.index_copy_(0, (frame * size_x + x) * size_y + y, embedded)
        return self.downsample(grid.view(batch_size, size_x, size_y, -1).permute(0, 3, 1, 2))

    def _embedded(self, features: Tensor, coordinates: Tensor) -> Tensor:
        centres = (coordinates[:, 1:3] + 0.5) * self.pillar_size_m + self.low_corner_m
        offsets = (features[:, :2] - centres) / self.pillar_size_m
        return self.embed(torch.cat((features * self.feature_scale, offsets), 1))
