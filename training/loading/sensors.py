"""Sensor data of key frames, on the path that a served frame takes."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from nuscenes.nuscenes import NuScenes

from perception_service.convert.nuscenes_sample import frame_from_sample
from perception_service.limits import FrameLimits
from perception_service.models.bevfusion.inputs import BevFusionInputs
from perception_service.models.config import PerceptionConfig
from perception_service.preprocessing import bevfusion_inputs
from perception_service.scene import Scene
from perception_service.wire.decode import decode_frame
from training.data.samples.opening import open_nuscenes
from waymend.errors import InvalidField
from waymend.vocabulary import CAMERA_NAMES


@dataclass(frozen=True, slots=True)
class SensorReader:
    """Reads samples of a nuScenes data set, which each process opens once.

    Attributes:
        dataroot, version: Of the data set.
        config: Of the perception model.
        camera_views: Cameras that are seen, the first of `CAMERA_NAMES`; the others count as missing.
        sweeps: LiDAR sweeps that are merged, the key sweep included.
    """

    dataroot: Path
    version: str
    config: PerceptionConfig
    camera_views: int = len(CAMERA_NAMES)
    sweeps: int = 10

    def __post_init__(self) -> None:
        if not 1 <= self.camera_views <= len(CAMERA_NAMES):
            raise InvalidField("num_camera_views", f"from 1 to {len(CAMERA_NAMES)}", self.camera_views)

    def open(self) -> NuScenes:
        """The data set, which processes that are forked later share; raises InvalidField where there is none."""
        return _opened(self.dataroot, self.version)

    def scene(self, sample_token: str) -> Scene:
        """The sample as the service decodes it from a message, without a map.

        Raises:
            InvalidField: There is no such sample, or a sensor or file of it is missing or broken.
        """
        frame = frame_from_sample(self.open(), sample_token, self.sweeps, with_map=False)
        with ThreadPoolExecutor(1) as decoder:
            scene = decode_frame(frame.message(), FrameLimits(), decoder)
        return replace(scene, cameras=scene.cameras[: self.camera_views])

    def inputs(self, sample_token: str) -> BevFusionInputs:
        """What BEVFusion is given of the sample: a batch of one; errors as of `scene`."""
        return bevfusion_inputs(self.scene(sample_token), self.config)


_opened = lru_cache(maxsize=2)(open_nuscenes)
