"""BEVFusion: cameras and LiDAR to one BEV map and detections."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from mmdet3d.registry import MODELS
from mmengine.model import BaseModule
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from perception_service.models.bevfusion.inputs import BevFusionInputs
from perception_service.models.bevfusion.transfusion_head import HeadOutputs
from perception_service.models.bevfusion.transfusion_losses import BoxTargets
from perception_service.ops.voxelise import Voxelization
from waymend.errors import InvalidField

Config = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class BevFusionOutputs:
    """What BEVFusion makes of a batch.

    Attributes:
        image_features: [B, N, C_image, fH, fW], finest level of the image neck.
        bev_features: [B, C_bev, X, Y], BEV neck, LiDAR frame, x first.
        head: Predictions of the detection head.
    """

    image_features: Tensor
    bev_features: Tensor
    head: HeadOutputs


@MODELS.register_module()
class BEVFusion(BaseModule):
    """Liu et al., "BEVFusion: Multi-Task Multi-Sensor Fusion with Unified Bird's-Eye View Representation", ICRA 2023.

    Args:
        data_preprocessor: `voxelize_cfg` for the LiDAR branch; the rest is for whoever makes the images.
        img_backbone, img_neck, view_transform: Camera branch.
        pts_voxel_encoder: None or HardSimpleVFE, the mean of a voxel's points, which the voxelisation gives already.
        seg_head: Must be None.
        init_cfg: As mmengine's `BaseModule` takes it; nothing is loaded before `init_weights` is called.
        pts_middle_encoder: Voxels to a BEV map.
        fusion_layer: Merges the BEV maps of both branches.
        pts_backbone, pts_neck: BEV backbone and neck.
        bbox_head: Detection head.
        gradient_checkpointing: Compute the activations of the branches again in the backward pass instead of keeping
            them. The running statistics of batch normalisations then see every batch twice.
    """

    def __init__(
        self,
        data_preprocessor: Config,
        img_backbone: Config,
        img_neck: Config,
        view_transform: Config,
        pts_middle_encoder: Config,
        fusion_layer: Config,
        pts_backbone: Config,
        pts_neck: Config,
        bbox_head: Config,
        pts_voxel_encoder: Config | None = None,
        seg_head: Config | None = None,
        init_cfg: Any = None,
        gradient_checkpointing: bool = False,
    ) -> None:
        super().__init__(init_cfg)
        if seg_head is not None:
            raise InvalidField("model.seg_head", "none", seg_head.get("type"))
        if pts_voxel_encoder is not None and pts_voxel_encoder["type"] != "HardSimpleVFE":
            raise InvalidField("model.pts_voxel_encoder.type", "HardSimpleVFE", pts_voxel_encoder["type"])
        self.gradient_checkpointing = gradient_checkpointing
        self.pts_voxel_layer = _voxelisation(data_preprocessor["voxelize_cfg"])
        self.img_backbone = MODELS.build(dict(img_backbone))
        self.img_neck = MODELS.build(dict(img_neck))
        self.view_transform = MODELS.build(dict(view_transform))
        self.pts_middle_encoder = MODELS.build(dict(pts_middle_encoder))
        self.fusion_layer = MODELS.build(dict(fusion_layer))
        self.pts_backbone = MODELS.build(dict(pts_backbone))
        self.pts_neck = MODELS.build(dict(pts_neck))
        self.bbox_head = MODELS.build(dict(bbox_head))
        for branch in (self.img_backbone, self.img_neck, self.pts_middle_encoder, self.pts_backbone, self.pts_neck):
            _initialise_convolutions(branch)

    def forward(self, inputs: BevFusionInputs) -> BevFusionOutputs:
        image_features, bev_features = self.features(inputs)
        return BevFusionOutputs(image_features, bev_features, self.bbox_head(bev_features))

    def features(self, inputs: BevFusionInputs) -> tuple[Tensor, Tensor]:
        """Image and BEV features, as `BevFusionOutputs` has them, without the detection head."""
        image_features = self._run(self.image_features, inputs.images)
        camera_map = self._run(self.view_transform, image_features, inputs)
        fused = self.fusion_layer([camera_map, self._run(self.lidar_map, inputs.points_lidar)])
        (bev_features,) = self.pts_neck(self._run(self.pts_backbone, fused))
        return image_features.unflatten(0, inputs.images.shape[:2]), bev_features

    def loss(self, inputs: BevFusionInputs, targets: Sequence[BoxTargets]) -> dict[str, Tensor]:
        """The detection head's losses of a batch; see `TransFusionHead.loss`."""
        return self.bbox_head.loss(self(inputs).head, targets)

    def _run(self, part: Callable[..., Any], *arguments: Any) -> Any:
        if self.gradient_checkpointing and self.training:
            return checkpoint(part, *arguments, use_reentrant=False)
        return part(*arguments)

    def image_features(self, images: Tensor) -> Tensor:
        """Finest neck level [B * N, C, fH, fW] of images [B, N, 3, H, W]."""
        flat = images.flatten(0, 1).contiguous(memory_format=torch.channels_last)
        return self.img_neck(self.img_backbone(flat))[0]

    def lidar_map(self, clouds: list[Tensor]) -> Tensor:
        """BEV map [B, C, X, Y] of B clouds [P, F]."""
        voxelised = [self.pts_voxel_layer(cloud) for cloud in clouds]
        features = torch.cat([cloud.mean_features for cloud in voxelised])
        coordinates = torch.cat(
            [functional.pad(cloud.coordinates, (1, 0), value=frame) for frame, cloud in enumerate(voxelised)]
        )
        return self.pts_middle_encoder(features, coordinates, len(clouds))


def _voxelisation(config: Config) -> Voxelization:
    options = dict(config)
    if not options.pop("voxelize_reduce", True):
        raise InvalidField("model.data_preprocessor.voxelize_cfg.voxelize_reduce", "true", False)
    return Voxelization(**options)


def _initialise_convolutions(branch: nn.Module) -> None:
    """He et al., "Delving Deep into Rectifiers", ICCV 2015."""
    for module in branch.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
