"""The view transform of BEVFusion: depth from the image and from LiDAR points projected into it."""

from collections.abc import Sequence

import torch
from mmdet3d.registry import MODELS
from torch import Tensor, nn

from perception_service.models.bevfusion.inputs import BevFusionInputs
from perception_service.models.bevfusion.view_transform import ViewTransform

_DEPTH_CHANNELS = 64


@MODELS.register_module()
class DepthLSSTransform(ViewTransform):
    """Predicts depth and context from image features beside an encoded sparse depth image.

    The depth encoder divides the resolution by 8, so `feature_size` must be `image_size` / 8.
    """

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
        super().__init__(
            in_channels, out_channels, image_size, feature_size, xbound, ybound, zbound, dbound, downsample
        )
        self.dtransform = nn.Sequential(
            *_convolution(1, 8, 1, stride=1),
            *_convolution(8, 32, 5, stride=4),
            *_convolution(32, _DEPTH_CHANNELS, 5, stride=2),
        )
        self.depthnet = nn.Sequential(
            *_convolution(in_channels + _DEPTH_CHANNELS, in_channels, 3, stride=1),
            *_convolution(in_channels, in_channels, 3, stride=1),
            nn.Conv2d(in_channels, self.depth_bins + out_channels, 1),
        )

    def depth_and_context(self, features: Tensor, inputs: BevFusionInputs) -> Tensor:
        depth_image = sparse_depth_images(inputs, self.image_size)
        return self.depthnet(torch.cat((self.dtransform(depth_image), features), 1))


@torch.no_grad()
def sparse_depth_images(inputs: BevFusionInputs, image_size: Sequence[int]) -> Tensor:
    """Depth (m) of the nearest LiDAR point in each pixel, 0 where there is none, float32 [B * N, 1, H, W].

    Computed in float32 also under autocast, which would move points by several pixels.
    """
    with torch.autocast(inputs.images.device.type, enabled=False):
        frames = [_depth_images_of_frame(inputs, frame, image_size) for frame in range(inputs.batch_size)]
    return torch.cat(frames)[:, None]


def _depth_images_of_frame(inputs: BevFusionInputs, frame: int, image_size: Sequence[int]) -> Tensor:
    height, width = image_size
    pixels, depth = _project(inputs, frame)
    u, v = torch.floor(pixels).unbind(-1)
    visible = (depth > 0) & (u >= 0) & (u < width) & (v >= 0) & (v < height)
    camera, point = torch.nonzero(visible, as_tuple=True)
    u, v, depth = u[camera, point].long(), v[camera, point].long(), depth[camera, point]
    images = depth.new_zeros(pixels.shape[0] * height * width)
    images.scatter_reduce_(0, (camera * height + v) * width + u, depth, reduce="amin", include_self=False)
    return images.view(-1, height, width)


def _project(inputs: BevFusionInputs, frame: int) -> tuple[Tensor, Tensor]:
    """Pixels [N, P, 2] in the network's images and depths [N, P] (m) of one frame's points."""
    undo = torch.linalg.inv(inputs.lidar_augmentation[frame])
    original = inputs.points_lidar[frame][:, :3] @ undo[:3, :3].mT + undo[:3, 3]
    projection = inputs.image_from_lidar[frame]
    projected = original @ projection[:, :3, :3].mT + projection[:, None, :3, 3]
    depth = projected[..., 2]
    pixels = projected[..., :2] / depth.clamp(min=1e-5)[..., None]
    augmentation = inputs.image_augmentation[frame]
    return pixels @ augmentation[:, :2, :2].mT + augmentation[:, None, :2, 3], depth


def _convolution(in_channels: int, out_channels: int, kernel: int, stride: int) -> tuple[nn.Module, ...]:
    return (
        nn.Conv2d(in_channels, out_channels, kernel, stride=stride, padding=kernel // 2),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(inplace=True),
    )
