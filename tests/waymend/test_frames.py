"""Frame directories are read completely or refused by name."""

import json

import numpy as np
import pytest

from waymend.errors import InvalidField
from waymend.frames import FrameDirectory, parse_description, read_frame_directory, write_frame_directory
from waymend.tensors import unpack_tensor
from waymend.vocabulary import CAMERA_NAMES

IDENTITY = {"translation_m": [0.0, 0.0, 0.0], "rotation_wxyz": [1.0, 0.0, 0.0, 0.0]}
POINTS = np.arange(15, dtype=np.float32).reshape(3, 5)


def description(**changes):
    camera = {
        "timestamp_us": 1,
        "width_px": 8,
        "height_px": 4,
        "intrinsic": [[4.0, 0.0, 4.0], [0.0, 4.0, 2.0], [0.0, 0.0, 1.0]],
        "ego_from_camera": IDENTITY,
    }
    return {
        "frame_id": "test-0",
        "timestamp_us": 2,
        "global_from_ego": IDENTITY,
        "ego_state": {"speed_mps": 9.0},
        "lidar": {"file": "lidar.bin", "ego_from_lidar": IDENTITY},
        "cameras": {name: {"file": f"{name}.jpg", **camera} for name in CAMERA_NAMES},
        "agents": [
            {
                "object_class": "car",
                "center_ego_m": [10.0, 1.0, 0.5],
                "length_m": 4.0,
                "width_m": 2.0,
                "height_m": 1.5,
                "yaw_rad": 0.1,
                "velocity_ego_mps": [3.0, 0.0],
            }
        ],
        "map": {
            "polylines": [{"kind": "lane_divider", "points_ego_m": [[0.0, 1.0], [5.0, 1.0]]}],
            "drivable_areas": [
                {
                    "exterior_ego_m": [[0.0, 0.0], [9.0, 0.0], [9.0, 9.0]],
                    "holes_ego_m": [[[4.0, 1.0], [5.0, 1.0], [5.0, 2.0]]],
                }
            ],
        },
        **changes,
    }


def frame(**changes):
    parsed = parse_description(json.dumps(description(**changes)))
    return FrameDirectory(parsed, POINTS.tobytes(), dict.fromkeys(CAMERA_NAMES, b"jpeg"))


def test_a_written_frame_reads_back_the_same(tmp_path):
    write_frame_directory(tmp_path, frame())
    again = read_frame_directory(tmp_path)
    assert again.description == frame().description
    assert again.lidar == frame().lidar
    assert again.jpegs == frame().jpegs


def test_the_message_holds_what_the_description_says():
    message = frame().message()
    assert message.frame_id == "test-0"
    assert [camera.name for camera in message.cameras] == [1, 2, 3, 4, 5, 6]
    np.testing.assert_array_equal(unpack_tensor(message.lidar.points, "points", "float32", [None, 5]), POINTS)
    (box,) = message.agents.boxes
    assert (box.object_class, box.center_ego_m.x, box.velocity_x_ego_mps, box.score) == (1, 10.0, 3.0, 1.0)
    (line,) = message.map.polylines
    np.testing.assert_array_equal(unpack_tensor(line.points_ego_m, "line", "float32", [2, 2]), [[0, 1], [5, 1]])
    (area,) = message.map.drivable_areas
    assert len(area.holes_ego_m) == 1


def test_unknown_agents_and_map_stay_unknown_and_known_emptiness_stays_known():
    assert not frame(agents=None, map=None).message().HasField("agents")
    assert not frame(agents=None, map=None).message().HasField("map")
    assert frame(agents=[]).message().HasField("agents")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"frame_id": ""}, "frame.frame_id"),
        ({"timestamp_us": 0}, "frame.timestamp_us"),
        ({"ego_state": {"speed_mps": "fast"}}, "frame.ego_state.speed_mps"),
        ({"surprise": 1}, "frame.surprise"),
        ({"lidar": {"file": "a/b.bin", "ego_from_lidar": IDENTITY}}, "frame.lidar.file"),
        ({"lidar": {"file": ".hidden", "ego_from_lidar": IDENTITY}}, "frame.lidar.file"),
        ({"map": {"drivable_areas": [{"exterior_ego_m": [[0, 0], [1, 1]]}]}}, "frame.map.drivable_areas.0"),
    ],
)
def test_a_wrong_description_is_refused_by_field(changes, field):
    with pytest.raises(InvalidField) as caught:
        parse_description(json.dumps(description(**changes)))
    assert caught.value.field.startswith(field)


def test_nan_in_a_description_is_refused():
    with pytest.raises(InvalidField, match=r"frame\.ego_state\.speed_mps"):
        parse_description(json.dumps(description(ego_state={"speed_mps": float("nan")})))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"map": {"polylines": [{"kind": "wall", "points_ego_m": [[0, 0], [1, 1]]}]}}, "frame.map.polylines.0.kind"),
        ({"cameras": {"CAM_FRONT": description()["cameras"]["CAM_FRONT"]}}, "frame.cameras"),
    ],
)
def test_a_message_needs_known_kinds_and_six_cameras(changes, field):
    with pytest.raises(InvalidField) as caught:
        frame(**changes).message()
    assert caught.value.field == field


def test_a_missing_file_is_named(tmp_path):
    write_frame_directory(tmp_path, frame())
    (tmp_path / "CAM_BACK.jpg").unlink()
    with pytest.raises(InvalidField, match=r"frame\.json\.cameras\.CAM_BACK\.file: expected an existing file"):
        read_frame_directory(tmp_path)


def test_a_link_out_of_the_directory_is_refused(tmp_path):
    secret = tmp_path / "secret"
    secret.write_bytes(POINTS.tobytes())
    write_frame_directory(tmp_path / "frame", frame())
    (tmp_path / "frame/lidar.bin").unlink()
    (tmp_path / "frame/lidar.bin").symlink_to(secret)
    with pytest.raises(InvalidField, match="a file inside the frame directory"):
        read_frame_directory(tmp_path / "frame")


def test_a_lidar_file_that_is_cut_off_is_refused():
    cut = FrameDirectory(frame().description, POINTS.tobytes()[:-3], frame().jpegs)
    with pytest.raises(InvalidField, match=r"frame\.lidar: expected a multiple of 20 bytes"):
        cut.message()
