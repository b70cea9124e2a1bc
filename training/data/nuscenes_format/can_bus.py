"""The ego vehicle's motion as nuScenes' CAN bus expansion tells it."""

import json
from pathlib import Path

import numpy as np

from training.data.drives.drive import Drive
from training.data.nuscenes_format.clock import timestamp_us
from waymend.geometry import Pose

_GRAVITY_MPS2 = 9.81


def write_can_bus(drive: Drive, directory: Path) -> None:
    """Writes `<scene>_pose.json`: a message at each of the track's own times.

    Velocity, acceleration and rotation rate are in the ego frame; acceleration holds gravity, as an accelerometer feels
    it. Derivatives are central differences of the track.
    """
    track = drive.ego
    yaw = np.unwrap(track.yaws_rad)
    velocity = np.gradient(track.positions_m, track.times_s, axis=0)
    forward = velocity[:, 0] * np.cos(yaw) + velocity[:, 1] * np.sin(yaw)
    acceleration, yaw_rate = np.gradient(forward, track.times_s), np.gradient(yaw, track.times_s)
    messages = [
        {
            "utime": timestamp_us(drive, float(time_s)),
            "pos": track.positions_m[i].tolist(),
            "orientation": Pose.from_yaw(float(yaw[i]), np.zeros(3)).quaternion_wxyz.tolist(),
            "vel": [float(forward[i]), 0.0, 0.0],
            "accel": [float(acceleration[i]), float(forward[i] * yaw_rate[i]), _GRAVITY_MPS2],
            "rotation_rate": [0.0, 0.0, float(yaw_rate[i])],
        }
        for i, time_s in enumerate(track.times_s)
    ]
    directory.mkdir(parents=True, exist_ok=True)
    (directory / f"{drive.name}_pose.json").write_text(json.dumps(messages, indent=0))
