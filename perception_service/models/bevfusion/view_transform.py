"""From camera features to a BEV map: what the LSS transforms share."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from perception_service.models.bevfusion.frustum import frustum_points, make_frustum
from perception_service.models.bevfusion.inputs import BevFusionInputs
from perception_service.ops.bev_pool import SplatPlan, SplatPool, plan_splat


class ViewTransform(nn.Module):
    """Lifts features along depth bins and splats them into BEV cells.

    Subclasses predict, per feature pixel, D depth logits followed by C context channels (`depth_and_context`).

    Args:
        in_channels: Channels of the image features.
        out_channels: Channels C of the BEV map.
        image_size: Height and width of the network's images.
        feature_size: Height and width of the image features.
        xbound, ybound, zbound: Low edge, high edge and step of the BEV cells, LiDAR frame, metres.
        dbound: First depth, end (exclusive) and step of the depth bins, metres.
        downsample: 1, or 2 to halve the BEV map's resolution by convolutions.
    """

    dx: Tensor
    bx: Tensor
    nx: Tensor
    frustum: Tensor

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        image_size: Sequence[int],
        feature_size: Sequence[int],
        xbound: Sequence[float],
        ybound: Sequence[float],
        zbound: Sequence[float],
        dbound: Sequence[float],
        downsample: int = 1,
    ) -> None:
        super().__init__()
        bounds = (xbound, ybound, zbound)
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.image_size = tuple(image_size)
        self.register_buffer("dx", torch.tensor([step for _, _, step in bounds]))
        self.register_buffer("bx", torch.tensor([low + step / 2 for low, _, step in bounds]))
        self.grid_shape = tuple(round((high - low) / step) for low, high, step in bounds)
        self.register_buffer("nx", torch.tensor(self.grid_shape))
        self.register_buffer("frustum", make_frustum(image_size, feature_size, dbound))
        self.depth_bins = self.frustum.shape[0]
        self.downsample = _halving_convolutions(out_channels) if downsample == 2 else nn.Identity()
        self.pool = SplatPool()
        self._last_plan: tuple[tuple[Tensor, ...], SplatPlan] | None = None

    def depth_and_context(self, features: Tensor, inputs: BevFusionInputs) -> Tensor:
        """Depth logits and context [B * N, D + C, fH, fW] from features [B * N, in_channels, fH, fW]."""
        raise NotImplementedError

    def forward(self, features: Tensor, inputs: BevFusionInputs) -> Tensor:
        """The BEV map [B, C, X, Y] (x first, then y) of image features [B * N, in_channels, fH, fW]."""
        rows = self.depth_and_context(features, inputs).permute(0, 2, 3, 1).flatten(0, 2)
        depth = rows[:, : self.depth_bins].float().softmax(1)
        context = rows[:, self.depth_bins :].float().contiguous()
        pooled = self.pool(depth, context, self._plan(inputs))
        size_x, size_y, size_z = self.grid_shape
        stacked = pooled.view(inputs.batch_size, size_z, size_x, size_y, -1).permute(0, 1, 4, 2, 3)
        return self.downsample(stacked.flatten(1, 2))

    def _plan(self, inputs: BevFusionInputs) -> SplatPlan:
        """The splat plan of this calibration; the last one is kept, for rigs whose calibration stays as it is."""
        calibration = (
            inputs.intrinsic,
            inputs.lidar_from_camera,
            inputs.image_augmentation,
            inputs.lidar_augmentation,
        )
        last = self._last_plan
        if last is not None and _usable_here(last[1], calibration[0]) and all(map(torch.equal, last[0], calibration)):
            return last[1]
        plan = plan_splat(self._cells(inputs), inputs.batch_size * math.prod(self.grid_shape))
        self._last_plan = (calibration, plan)
        return plan

    @torch.no_grad()
    def _cells(self, inputs: BevFusionInputs) -> Tensor:
        """BEV cell of every depth bin, int64 [B * N * fH * fW, D], -1 where it lies outside the map."""
        points = frustum_points(self.frustum, inputs)
        cells = torch.floor((points - (self.bx - self.dx / 2)) / self.dx).long()
        inside = ((cells >= 0) & (cells < self.nx)).all(-1)
        size_x, size_y, size_z = self.grid_shape
        frame = torch.arange(inputs.batch_size, device=cells.device).view(-1, 1, 1, 1, 1)
        flat = ((frame * size_z + cells[..., 2]) * size_x + cells[..., 0]) * size_y + cells[..., 1]
        return torch.where(inside, flat, -1).flatten(0, 3)


def _usable_here(plan: SplatPlan, reference: Tensor) -> bool:
    """Tensors made in inference mode cannot take part in a backward pass, so a plan stays with its mode and device."""
    return plan.bins.device == reference.device and plan.bins.is_inference() == torch.is_inference_mode_enabled()


def _halving_convolutions(channels: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for stride in (1, 2, 1):
        layers += [
            nn.Conv2d(channels, channels, 3, stride=stride, padding=1, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(inplace=True),
        ]
    return nn.Sequential(*layers)
