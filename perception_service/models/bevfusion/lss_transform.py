"""The view transform of Lift, Splat, Shoot: depth from the image alone."""

from collections.abc import Sequence

from mmdet3d.registry import MODELS
from torch import Tensor, nn

from perception_service.models.bevfusion.inputs import BevFusionInputs
from perception_service.models.bevfusion.view_transform import ViewTransform


@MODELS.register_module()
class LSSTransform(ViewTransform):
    """Predicts depth and context with one 1x1 convolution."""

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
        self.depthnet = nn.Conv2d(in_channels, self.depth_bins + out_channels, 1)

    def depth_and_context(self, features: Tensor, inputs: BevFusionInputs) -> Tensor:
        return self.depthnet(features)
