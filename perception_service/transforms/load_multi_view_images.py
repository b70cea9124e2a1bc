"""Loading of the camera images of a frame, with the transforms between cameras and LiDAR."""

from typing import Any

import mmcv
import numpy as np
from mmdet3d.datasets.transforms import LoadMultiViewImageFromFiles
from mmdet3d.registry import TRANSFORMS
from mmengine.fileio import get
from numpy.typing import NDArray

from waymend.errors import InvalidField
from waymend.geometry import Pose


@TRANSFORMS.register_module()
class BEVLoadMultiViewImageFromFiles(LoadMultiViewImageFromFiles):
    """Reads `images` of an mmdet3d (version 2) info entry: `{name: {img_path, cam2img, lidar2cam}}`, in its order.

    Writes, for N cameras:
        - `img`: list of [H, W, 3], RGB, filled up with black at the right and bottom where sizes differ;
        - `img_shape`, `ori_shape`, `pad_shape`: (H, W); `scale_factor`, `img_norm_cfg`, `num_views`, `num_ref_frames`;
        - `filename`, `img_path`: lists of paths;
        - `cam2img`, `ori_cam2img`: float32 [N, 4, 4], intrinsics, homogeneous;
        - `lidar2cam`, `cam2lidar`: float64 [N, 4, 4], rounded to float32 as the entry's `lidar2cam` is;
        - `lidar2img`: float32 [N, 4, 4], LiDAR frame to pixels.

    Arguments are those of mmdet3d's `LoadMultiViewImageFromFiles`. BEVFusion looks at one frame: `num_ref_frames` above
    0 is refused with InvalidField.
    """

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        if self.num_ref_frames > 0:
            raise InvalidField("num_ref_frames", "none: BEVFusion looks at one frame", self.num_ref_frames)

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        cameras = list(results["images"].values())
        results.update(_calibration(cameras))
        paths = [camera["img_path"] for camera in cameras]
        images = _filled_up([self._read(path) for path in paths])
        size = images[0].shape[:2]
        results.update(
            filename=paths,
            img_path=paths,
            img=images,
            img_shape=size,
            ori_shape=size,
            pad_shape=size,
            img_norm_cfg={"mean": np.zeros(3, np.float32), "std": np.ones(3, np.float32), "to_rgb": False},
            num_views=self.num_views,
            num_ref_frames=self.num_ref_frames,
        )
        if self.set_default_scale:
            results["scale_factor"] = 1.0
        return results

    def _read(self, path: str) -> NDArray[Any]:
        data = get(path, backend_args=self.backend_args)
        image = mmcv.imfrombytes(data, flag=self.color_type, channel_order="rgb", backend="pillow")
        return image.astype(np.float32) if self.to_float32 else image


def _calibration(cameras: list[dict[str, Any]]) -> dict[str, NDArray[np.floating]]:
    intrinsics = np.tile(np.eye(4, dtype=np.float32), (len(cameras), 1, 1))
    intrinsics[:, :3, :3] = [np.asarray(camera["cam2img"], np.float32)[:3, :3] for camera in cameras]
    camera_from_lidar = np.array([camera["lidar2cam"] for camera in cameras], np.float32)
    return {
        "cam2img": intrinsics,
        "ori_cam2img": intrinsics.copy(),
        "lidar2cam": camera_from_lidar.astype(np.float64),
        "cam2lidar": np.stack([Pose.from_matrix(pose).inverse().matrix for pose in camera_from_lidar]),
        "lidar2img": intrinsics @ camera_from_lidar,
    }


def _filled_up(images: list[NDArray[Any]]) -> list[NDArray[Any]]:
    """The images at the greatest height and the greatest width among them."""
    shape = tuple(np.max([image.shape[:2] for image in images], axis=0))
    return [image if image.shape[:2] == shape else mmcv.impad(image, shape=shape, pad_val=0) for image in images]
