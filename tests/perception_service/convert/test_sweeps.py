"""Merged sweeps against mmdet3d's own `LoadPointsFromMultiSweeps`."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from nuscenes.nuscenes import NuScenes

from perception_service.convert.mmdet3d_info import frame_from_info
from perception_service.convert.nuscenes_sweeps import merged_sweeps
from perception_service.transforms.build import build_transforms
from tests.perception_service.convert import synthetic_nuscenes as data_set
from waymend.geometry import Pose
from waymend.vocabulary import CAMERA_NAMES

MIDDLE = 6
SWEEPS = 4
ON_THE_VEHICLE_LIDAR_M = np.array([[0.4, -0.9, -0.5], [0.9, 0.9, 0.1], [-0.2, 1.5, -1.0]])
"""Two points within 1 m and one that is not, where every sweep sees them."""
LOAD = [
    {"type": "LoadPointsFromFile", "coord_type": "LIDAR", "load_dim": 5, "use_dim": 5},
    {
        "type": "LoadPointsFromMultiSweeps",
        "sweeps_num": SWEEPS - 1,
        "load_dim": 5,
        "use_dim": 5,
        "pad_empty_sweeps": True,
        "remove_close": True,
        "test_mode": True,
    },
]


@pytest.fixture(scope="module")
def dataroot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("nuscenes")
    data_set.write_data_set(directory)
    own = np.column_stack([ON_THE_VEHICLE_LIDAR_M, [10.0, 20.0, 30.0], [1.0, 2.0, 3.0]]).astype("<f4")
    for index in range(data_set.SAMPLES):
        with _lidar_file(directory, index).open("ab") as file:
            file.write(own.tobytes())
    return directory


@pytest.fixture(scope="module")
def nuscenes(dataroot: Path) -> NuScenes:
    return NuScenes(data_set.VERSION, str(dataroot), verbose=False)


def _lidar_file(dataroot: Path, index: int) -> Path:
    return dataroot / "samples" / "LIDAR_TOP" / f"{index}.pcd.bin"


def _global_from_lidar(index: int) -> Pose:
    return data_set.ego_pose_at(index * data_set.STEP_US * 1e-6) @ data_set.EGO_FROM_LIDAR


def _time_s(index: int) -> float:
    return (data_set.START_US + index * data_set.STEP_US) * 1e-6


def _sweep(dataroot: Path, index: int, lidar2sensor: np.ndarray) -> dict[str, Any]:
    points = {"lidar_path": str(_lidar_file(dataroot, index)), "lidar2sensor": lidar2sensor.tolist()}
    return {"timestamp": _time_s(index), "lidar_points": points}


def _key_from_sweep(key: int, index: int) -> Pose:
    return _global_from_lidar(key).inverse() @ _global_from_lidar(index)


def _entry(dataroot: Path, key: int, sweeps: list[dict[str, Any]]) -> dict[str, Any]:
    camera = {
        "img_path": f"{key}.jpg",
        "cam2img": np.eye(3).tolist(),
        "lidar2cam": np.eye(4).tolist(),
        "timestamp": 1.0,
    }
    return {
        "token": "key",
        "timestamp": _time_s(key),
        "ego2global": np.eye(4).tolist(),
        "images": dict.fromkeys(CAMERA_NAMES, camera),
        "lidar_points": {"lidar_path": str(_lidar_file(dataroot, key)), "lidar2ego": np.eye(4).tolist()},
        "instances": [],
        **({"lidar_sweeps": sweeps} if sweeps else {}),
    }


def _ours(nuscenes: NuScenes, key: int, **options: Any) -> np.ndarray:
    return merged_sweeps(nuscenes, nuscenes.get("sample_data", f"LIDAR_TOP-{key}"), SWEEPS, **options)


def test_points_ages_and_dropped_points_are_those_of_mmdet3d(dataroot, nuscenes):
    """Its arithmetic is p R' - t' with R', t' of `lidar2sensor`; R' = R^T and t' = -t make that the transform meant."""
    sweeps = []
    for index in range(MIDDLE - 1, MIDDLE - SWEEPS, -1):
        meant = np.eye(4)
        meant[:3, :3] = _key_from_sweep(MIDDLE, index).rotation.T
        meant[:3, 3] = -_key_from_sweep(MIDDLE, index).translation_m
        sweeps.append(_sweep(dataroot, index, meant))
    theirs = build_transforms(LOAD)(_entry(dataroot, MIDDLE, sweeps))["points"].numpy()
    ours = _ours(nuscenes, MIDDLE)
    assert ours.shape == theirs.shape
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5)
    landmarks, own = len(data_set.LANDMARK_GLOBAL_M), len(ON_THE_VEHICLE_LIDAR_M)
    assert np.count_nonzero(ours[:, 4] == 0) == landmarks + own
    assert len(ours) == SWEEPS * (landmarks + own) - 2 * (SWEEPS - 1)


def test_a_key_sweep_without_predecessors_is_repeated_as_mmdet3d_does(dataroot, nuscenes):
    theirs = build_transforms(LOAD)(_entry(dataroot, 0, []))["points"].numpy()
    np.testing.assert_array_equal(_ours(nuscenes, 0, repeat_lone_sweep=True), theirs)
    assert len(_ours(nuscenes, 0)) == len(data_set.LANDMARK_GLOBAL_M) + len(ON_THE_VEHICLE_LIDAR_M)


def test_an_info_file_gives_the_sweeps_of_the_data_set_it_was_made_from(dataroot, nuscenes, tmp_path):
    earlier = range(MIDDLE - 1, MIDDLE - 9, -1)
    sweeps = [
        _sweep(dataroot, index, _key_from_sweep(MIDDLE, index).inverse().matrix) for index in earlier if index >= 0
    ]
    info = {"metainfo": {"categories": {}}, "data_list": [_entry(dataroot, MIDDLE, sweeps), _entry(dataroot, 0, [])]}
    (tmp_path / "info.pkl").write_bytes(pickle.dumps(info))
    merged, alone = (
        np.frombuffer(frame_from_info(tmp_path / "info.pkl", dataroot, index, SWEEPS).lidar, "<f4").reshape(-1, 5)
        for index in range(2)
    )
    np.testing.assert_allclose(merged, _ours(nuscenes, MIDDLE), rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(alone, _ours(nuscenes, 0, repeat_lone_sweep=True))


def test_mmdet3d_misplaces_sweeps_of_its_info_files_when_the_vehicle_turns(dataroot, nuscenes):
    """Known as mmdetection3d issue 3054; the reason why merged points of turning vehicles differ from its own."""
    index = MIDDLE - 1
    key_from_sweep = _key_from_sweep(MIDDLE, index)
    entry = _entry(dataroot, MIDDLE, [_sweep(dataroot, index, key_from_sweep.inverse().matrix)])
    theirs = build_transforms(LOAD)(entry)["points"].numpy()
    ours = _ours(nuscenes, MIDDLE)[: len(theirs)]
    offset_m = (key_from_sweep.rotation.T - np.eye(3)) @ key_from_sweep.translation_m
    late = ours[:, 4] > 0
    assert np.linalg.norm(offset_m) > 0.1
    np.testing.assert_allclose((theirs - ours)[late, :3], np.tile(offset_m, (late.sum(), 1)), atol=1e-4)
    np.testing.assert_array_equal(theirs[~late], ours[~late])
