"""Encode over a real channel: good frames, and every bad one followed by a good one."""

from collections.abc import Callable

import numpy as np
import pytest

from perception_service.client import ContractMismatch, PerceptionClient, PerceptionFailed
from tests.perception_service.serving import RunningServer
from tests.perception_service.small_frame import jpeg_of, small_frame
from waymend.errors import InvalidField
from waymend.perception.v1 import frame_pb2, tensor_pb2
from waymend.tensors import pack_tensor

Frame = frame_pb2.SensorFrame


def test_a_good_frame_becomes_an_embedding(client: PerceptionClient, server: RunningServer, frame: Frame) -> None:
    embedding = client.encode(frame, timeout_s=60, expected_contract_id=server.contract_id)

    assert (embedding.frame_id, embedding.timestamp_us) == (frame.frame_id, frame.timestamp_us)
    assert embedding.contract_id == server.contract_id
    assert embedding.image_tokens.shape == (96, 256)
    assert embedding.bev_tokens.shape == (64, 256)
    assert embedding.vector_tokens.shape == (3, 256)  # the ego vehicle, one car, one lane
    assert embedding.agents_given
    assert [agent.track_id for agent in embedding.agents] == ["car-1"]
    assert embedding.agents[0].velocity_ego_mps == (4.0, 0.0)
    assert len(embedding.drivable_areas) == 1
    assert embedding.ego_state is not None
    assert embedding.ego_state.speed_mps == 5.0
    scores = [box.score for box in embedding.detections]
    assert scores == sorted(scores, reverse=True)


def test_timings_add_up(client: PerceptionClient, frame: Frame) -> None:
    timings = client.encode(frame, timeout_s=60).timings

    stages_ms = timings.queue_ms + timings.decode_ms + timings.bevfusion_ms + timings.tokens_ms
    assert min(timings.decode_ms, timings.bevfusion_ms, timings.tokens_ms) > 0
    assert stages_ms <= timings.total_ms < stages_ms + 50
    assert timings.wire_ms is not None
    assert timings.wire_ms > 0


def test_detections_stand_in_for_absent_agents(client: PerceptionClient, frame: Frame) -> None:
    frame.ClearField("agents")
    assert not client.encode(frame, timeout_s=60).agents_given


def test_an_empty_list_of_agents_means_a_clear_road(client: PerceptionClient, frame: Frame) -> None:
    frame.agents.ClearField("boxes")
    frame.agents.SetInParent()
    embedding = client.encode(frame, timeout_s=60)
    assert embedding.agents_given
    assert embedding.agents == ()


def test_a_frame_without_points_state_history_or_map_is_encoded(client: PerceptionClient, frame: Frame) -> None:
    frame.lidar.points.CopyFrom(pack_tensor(np.zeros((0, 5), np.float32)))
    for field in ("ego_state", "ego_history", "map"):
        frame.ClearField(field)
    embedding = client.encode(frame, timeout_s=60)
    assert embedding.ego_state is None
    assert embedding.drivable_areas == ()


def _set_points(points: np.ndarray) -> Callable[[Frame], None]:
    return lambda frame: frame.lidar.points.CopyFrom(pack_tensor(points))


def _point(column: int, value: float) -> Callable[[Frame], None]:
    points = np.zeros((10, 5), np.float32)
    points[3, column] = value
    return _set_points(points)


def _cut_points(frame: Frame) -> None:
    frame.lidar.points.data = frame.lidar.points.data[:-7]


def _set_shape(frame: Frame) -> None:
    frame.lidar.points.shape[0] = 2**40


def _cut_jpeg(frame: Frame) -> None:
    frame.cameras[3].jpeg = frame.cameras[3].jpeg[: len(frame.cameras[3].jpeg) // 2]


def _drop_camera(frame: Frame) -> None:
    del frame.cameras[5]


def _repeat_camera(frame: Frame) -> None:
    frame.cameras[5].name = frame_pb2.CAMERA_NAME_FRONT


def _singular(frame: Frame) -> None:
    frame.cameras[0].intrinsic[:] = [0.0] * 9


def _flat(frame: Frame) -> None:
    frame.cameras[0].intrinsic[4] = 0.0


def _nan_intrinsic(frame: Frame) -> None:
    frame.cameras[0].intrinsic[2] = float("nan")


def _eight_intrinsics(frame: Frame) -> None:
    del frame.cameras[0].intrinsic[8]


def _set(path: str, value: object) -> Callable[[Frame], None]:
    *parents, name = path.split(".")

    def change(frame: Frame) -> None:
        target = frame
        for parent in parents:
            target = target[int(parent)] if parent.isdigit() else getattr(target, parent)
        setattr(target, name, value)

    return change


def _many_agents(frame: Frame) -> None:
    frame.agents.boxes.extend([frame.agents.boxes[0]] * 500)


def _short_ring(frame: Frame) -> None:
    frame.map.drivable_areas[0].exterior_ego_m.CopyFrom(pack_tensor(np.zeros((2, 2), np.float32)))


def _nan_lane(frame: Frame) -> None:
    frame.map.polylines[0].points_ego_m.CopyFrom(pack_tensor(np.full((4, 2), np.nan, np.float32)))


def _swap_history(frame: Frame) -> None:
    frame.ego_history.reverse()


_NAN, _INF = float("nan"), float("inf")

BAD_FRAMES: list[tuple[str, Callable[[Frame], None]]] = [
    ("frame.frame_id", _set("frame_id", "x" * 129)),
    ("frame.timestamp_us", _set("timestamp_us", 0)),
    ("frame.timestamp_us", _set("timestamp_us", -5)),
    ("frame.global_from_ego.rotation", _set("global_from_ego.rotation.w", 0.5)),
    ("frame.global_from_ego.rotation", _set("global_from_ego.rotation.x", _NAN)),
    ("frame.global_from_ego.translation_m.y", _set("global_from_ego.translation_m.y", _INF)),
    ("frame.ego_state.speed_mps", _set("ego_state.speed_mps", _NAN)),
    ("frame.ego_state.yaw_rate_radps", _set("ego_state.yaw_rate_radps", -_INF)),
    ("frame.ego_history.0.x_ego_m", _set("ego_history.0.x_ego_m", _NAN)),
    ("frame.ego_history.1.timestamp_us", _set("ego_history.1.timestamp_us", 2**60)),
    ("frame.ego_history.1.timestamp_us", _swap_history),
    ("frame.lidar.points.dtype", _set_points(np.zeros((10, 5), np.float64))),
    ("frame.lidar.points.dtype", _set("lidar.points.dtype", tensor_pb2.DATA_TYPE_UNSPECIFIED)),
    ("frame.lidar.points.shape", _set_points(np.zeros((10, 4), np.float32))),
    ("frame.lidar.points.shape", _set_points(np.zeros((400_001, 5), np.float32))),
    ("frame.lidar.points.shape", _set_shape),
    ("frame.lidar.points.data", _cut_points),
    ("frame.lidar.points", _point(0, np.nan)),
    ("frame.lidar.points", _point(2, np.inf)),
    ("frame.lidar.points[:, :3]", _point(1, 1e30)),
    ("frame.lidar.points[:, 3]", _point(3, -1.0)),
    ("frame.lidar.points[:, 4]", _point(4, -0.1)),
    ("frame.lidar.ego_from_lidar.rotation", _set("lidar.ego_from_lidar.rotation.w", 2.0)),
    ("frame.cameras", _drop_camera),
    ("frame.cameras", _repeat_camera),
    ("frame.cameras.5.name", _set("cameras.5.name", 9)),
    ("frame.cameras.CAM_BACK.jpeg", _cut_jpeg),
    ("frame.cameras.CAM_BACK.jpeg", _set("cameras.3.jpeg", b"")),
    ("frame.cameras.CAM_BACK.jpeg", _set("cameras.3.jpeg", b"\x89PNG not a jpeg")),
    ("frame.cameras.CAM_FRONT.jpeg", _set("cameras.0.jpeg", jpeg_of(np.zeros((8000, 8000), np.uint8)))),
    ("frame.cameras.CAM_FRONT.jpeg", _set("cameras.0.jpeg", jpeg_of(np.zeros((90, 160, 4), np.uint8), "CMYK"))),
    ("frame.cameras.CAM_FRONT.jpeg", _set("cameras.0.jpeg", b"\xff\xd8" + bytes(3 * 1024 * 1024))),
    ("frame.cameras.CAM_FRONT_RIGHT.width_px", _set("cameras.1.width_px", 161)),
    ("frame.cameras.CAM_FRONT_RIGHT.height_px", _set("cameras.1.height_px", 0)),
    ("frame.cameras.CAM_FRONT_LEFT.timestamp_us", _set("cameras.2.timestamp_us", 0)),
    ("frame.cameras.CAM_FRONT.intrinsic", _singular),
    ("frame.cameras.CAM_FRONT.intrinsic", _flat),
    ("frame.cameras.CAM_FRONT.intrinsic", _nan_intrinsic),
    ("frame.cameras.CAM_FRONT.intrinsic", _eight_intrinsics),
    ("frame.cameras.CAM_BACK.ego_from_camera.rotation", _set("cameras.3.ego_from_camera.rotation.w", 7.0)),
    ("frame.agents", _many_agents),
    ("frame.agents.0.object_class", _set("agents.boxes.0.object_class", 0)),
    ("frame.agents.0.length_m", _set("agents.boxes.0.length_m", 0.0)),
    ("frame.agents.0.width_m", _set("agents.boxes.0.width_m", -1.0)),
    ("frame.agents.0.height_m", _set("agents.boxes.0.height_m", _NAN)),
    ("frame.agents.0.center_ego_m.x", _set("agents.boxes.0.center_ego_m.x", _INF)),
    ("frame.agents.0.score", _set("agents.boxes.0.score", 1.5)),
    ("frame.agents.0.track_id", _set("agents.boxes.0.track_id", "t" * 129)),
    ("frame.map.polylines.0.kind", _set("map.polylines.0.kind", 0)),
    ("frame.map.polylines.0.points_ego_m", _nan_lane),
    ("frame.map.drivable_areas.0.exterior_ego_m.shape", _short_ring),
]


@pytest.mark.parametrize(
    ("field", "spoil"), BAD_FRAMES, ids=[f"{i}-{field}" for i, (field, _) in enumerate(BAD_FRAMES)]
)
def test_a_bad_frame_is_refused_by_the_name_of_its_field(
    client: PerceptionClient, frame: Frame, field: str, spoil: Callable[[Frame], None]
) -> None:
    spoil(frame)
    with pytest.raises(InvalidField) as refusal:
        client.encode(frame, timeout_s=60)
    assert refusal.value.field == field
    assert refusal.value.expected
    assert refusal.value.given


def test_after_every_bad_frame_a_good_one_is_answered(client: PerceptionClient, frame: Frame) -> None:
    for field, spoil in BAD_FRAMES:
        bad = small_frame()
        spoil(bad)
        with pytest.raises(InvalidField, match=field.split("[")[0]):
            client.encode(bad, timeout_s=60)
    assert client.encode(frame, timeout_s=60).frame_id == frame.frame_id


def test_a_request_without_a_frame_is_refused(client: PerceptionClient) -> None:
    with pytest.raises(InvalidField, match=r"frame\.timestamp_us"):
        client.encode(frame_pb2.SensorFrame(), timeout_s=60)


def test_greyscale_images_are_welcome(client: PerceptionClient, frame: Frame) -> None:
    frame.cameras[0].jpeg = jpeg_of(np.full((90, 160), 128, np.uint8))
    assert client.encode(frame, timeout_s=60).frame_id == frame.frame_id


def test_a_foreign_contract_is_refused(client: PerceptionClient, frame: Frame) -> None:
    with pytest.raises(ContractMismatch, match="0000"):
        client.encode(frame, timeout_s=60, expected_contract_id="0" * 32)


def test_a_frame_above_any_legal_size_is_refused_before_it_is_sent(client: PerceptionClient, frame: Frame) -> None:
    frame.cameras[0].jpeg = bytes(40 * 1024 * 1024)
    with pytest.raises(InvalidField, match="bytes"):
        client.encode(frame, timeout_s=60)


def test_an_internal_error_shows_an_id_and_no_detail(
    client: PerceptionClient, server: RunningServer, frame: Frame
) -> None:
    frame.frame_id = "breaks"
    with pytest.raises(PerceptionFailed, match=r"INTERNAL: internal error [0-9a-f]{32}$"):
        client.encode(frame, timeout_s=60)
    frame.frame_id = "works"
    assert client.encode(frame, timeout_s=60).frame_id == "works"


def test_the_largest_legal_cloud_passes(client: PerceptionClient, frame: Frame) -> None:
    frame.lidar.points.CopyFrom(pack_tensor(np.zeros((400_000, 5), np.float32)))
    assert client.encode(frame, timeout_s=60).frame_id == frame.frame_id
