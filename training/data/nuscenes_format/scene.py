"""One drive as a nuScenes scene: its sensor files, and its rows of the tables."""

from collections import defaultdict
from pathlib import Path

import numpy as np

from training.data.drives.drive import Drive
from training.data.nuscenes_format.annotations import annotation_rows, instance_token
from training.data.nuscenes_format.can_bus import write_can_bus
from training.data.nuscenes_format.clock import timestamp_us
from training.data.nuscenes_format.tables import Row, Tables, calibration_token, empty_tables, linked, placed
from training.data.nuscenes_format.tokens import token_of
from training.data.sensing.drive_world import DriveWorld, Moment, RigSettings, SensorRig, jpeg_of
from training.rendering.lidar import Scan

LIDAR = "LIDAR_TOP"


def write_scene(drive: Drive, dataroot: Path, settings: RigSettings, sweeps_between: int = 0) -> Tables:
    """Renders the drive below `dataroot` and returns its rows.

    Args:
        drive: With a location.
        dataroot: Receives samples/, sweeps/ and can_bus/.
        settings: How fine the sensors are.
        sweeps_between: LiDAR sweeps between one key frame and the next.
    """
    recording = _Recording(drive, dataroot, SensorRig(settings))
    times_s = drive.keyframe_times_s
    for number, time_s in enumerate(times_s):
        recording.key_frame(number, float(time_s))
        if number + 1 < len(times_s):
            for between_s in np.linspace(time_s, times_s[number + 1], sweeps_between + 2)[1:-1]:
                recording.sweep(number + 1, float(between_s))
    write_can_bus(drive, dataroot / "can_bus")
    return recording.tables()


class _Recording:
    """Collects the rows of a scene while its files are written."""

    def __init__(self, drive: Drive, dataroot: Path, rig: SensorRig) -> None:
        self._drive, self._dataroot, self._rig = drive, dataroot, rig
        self._world = DriveWorld(drive)
        self._scene_token = drive.scene_id or token_of("scene", drive.name)
        self._samples: list[Row] = []
        self._ego_poses: list[Row] = []
        self._data: dict[str, list[Row]] = defaultdict(list)
        self._annotations: dict[str, list[Row]] = defaultdict(list)

    def key_frame(self, number: int, time_s: float) -> None:
        moment = self._world.at(time_s)
        scan = self._lidar(moment, number, time_s, key_frame=True)
        for camera in self._rig.cameras:
            jpeg = jpeg_of(moment.image(camera, self._rig.settings.samples).rgb, self._rig.settings.jpeg_quality)
            size = {"width": camera.width_px, "height": camera.height_px}
            self._record(camera.name, moment, number, time_s, jpeg, size, key_frame=True)
        sample_token = self._sample_token(number)
        self._samples.append(
            {
                "token": sample_token,
                "timestamp": timestamp_us(self._drive, time_s),
                "scene_token": self._scene_token,
            }
        )
        global_from_lidar = moment.global_from_ego @ self._rig.lidar.ego_from_lidar
        points_m = global_from_lidar.apply(scan.points_lidar[:, :3])
        rows = annotation_rows(self._drive, time_s, sample_token, moment, points_m, self._rig.cameras)
        for row in rows:
            self._annotations[row["instance_token"]].append(row)

    def sweep(self, next_number: int, time_s: float) -> None:
        """A LiDAR sweep before key frame `next_number`."""
        self._lidar(self._world.at(time_s), next_number, time_s, key_frame=False)

    def tables(self) -> Tables:
        """Rows of everything recorded; the log is the caller's, since scenes share it."""
        tables = empty_tables()
        tables["sample"] = linked(self._samples)
        tables["ego_pose"] = self._ego_poses
        tables["sample_data"] = [row for rows in self._data.values() for row in linked(rows)]
        tables["sample_annotation"] = [row for rows in self._annotations.values() for row in linked(rows)]
        tables["instance"] = self._instances()
        tables["scene"] = [
            {
                "token": self._scene_token,
                "log_token": log_token(self._drive),
                "nbr_samples": len(self._samples),
                "first_sample_token": self._samples[0]["token"],
                "last_sample_token": self._samples[-1]["token"],
                "name": self._drive.name,
                "description": self._drive.description,
            }
        ]
        return tables

    def _instances(self) -> list[Row]:
        categories = {instance_token(self._drive, agent): agent.category for agent in self._drive.agents}
        return [
            {
                "token": token,
                "category_token": token_of("category", categories[token]),
                "nbr_annotations": len(rows),
                "first_annotation_token": rows[0]["token"],
                "last_annotation_token": rows[-1]["token"],
            }
            for token, rows in self._annotations.items()
        ]

    def _lidar(self, moment: Moment, number: int, time_s: float, key_frame: bool) -> Scan:
        """nuScenes' files hold x, y, z, intensity and the number of the beam."""
        scan = moment.scan(self._rig.lidar)
        points = scan.points_lidar.copy()
        points[:, 4] = scan.rings
        self._record(
            LIDAR, moment, number, time_s, points.astype("<f4").tobytes(), {"width": 0, "height": 0}, key_frame
        )
        return scan

    def _record(
        self, channel: str, moment: Moment, number: int, time_s: float, data: bytes, size: Row, key_frame: bool
    ) -> None:
        """Writes a sensor file and notes its rows; `number` is the key frame that it belongs to."""
        timestamp = timestamp_us(self._drive, time_s)
        folder, ending = "samples" if key_frame else "sweeps", "pcd.bin" if channel == LIDAR else "jpg"
        file = f"{folder}/{channel}/{self._drive.name}__{channel}__{timestamp}.{ending}"
        path = self._dataroot / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        token = token_of("sample_data", self._drive.name, channel, timestamp)
        self._ego_poses.append({"token": token, "timestamp": timestamp} | placed(moment.global_from_ego))
        self._data[channel].append(
            {
                "token": token,
                "sample_token": self._sample_token(number),
                "ego_pose_token": token,
                "calibrated_sensor_token": calibration_token(channel),
                "timestamp": timestamp,
                "fileformat": "pcd" if channel == LIDAR else "jpg",
                "is_key_frame": key_frame,
                "filename": file,
            }
            | size
        )

    def _sample_token(self, number: int) -> str:
        return token_of("sample", self._drive.name, number)


def log_token(drive: Drive) -> str:
    return token_of("log", drive.log_name, drive.location)


def log_row(drive: Drive) -> Row:
    return {
        "token": log_token(drive),
        "logfile": drive.log_name,
        "vehicle": drive.source,
        "date_captured": drive.date,
        "location": drive.location,
    }
