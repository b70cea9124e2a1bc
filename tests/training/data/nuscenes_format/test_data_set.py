"""A data set as a whole: what is written again is the same, and what cannot be written is refused."""

from dataclasses import replace

import numpy as np
import pytest
from nuscenes.can_bus.can_bus_api import NuScenesCanBus

from perception_service.convert.nuscenes_sample import frame_from_sample
from tests.training.data.nuscenes_format.conftest import OPTIONS, two_drives
from tests.training.data.straight_drive import SPEED_MPS, straight_drive
from training.data.nuscenes_format.data_set import write_data_set
from training.data.nuscenes_format.placement import canvas_m, place
from waymend.errors import InvalidField


def test_equal_drives_give_equal_bytes_however_many_processes_work(written, tmp_path):
    write_data_set(two_drives(), tmp_path, replace(OPTIONS, workers=2))
    files = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file())
    assert files == sorted(path.relative_to(written.dataroot) for path in written.dataroot.rglob("*") if path.is_file())
    for file in files:
        assert (tmp_path / file).read_bytes() == (written.dataroot / file).read_bytes(), file


def test_another_seed_looks_different(written, tmp_path):
    write_data_set([replace(straight_drive(frames=1), seed=6)], tmp_path, OPTIONS)
    (image,) = tmp_path.glob("samples/CAM_FRONT/*.jpg")
    assert image.read_bytes() != (written.dataroot / "samples" / "CAM_FRONT" / image.name).read_bytes()


def test_perception_reads_a_frame_of_it(written):
    """The converter that serves true nuScenes finds boxes, motion and map."""
    token = list(written.samples(written.drives[0]))[2]["token"]
    frame = frame_from_sample(written.nuscenes, token, sweeps=3).description
    assert frame.ego_state.speed_mps == pytest.approx(SPEED_MPS, abs=1e-3)
    assert {"car", "truck", "pedestrian"} <= {agent.object_class for agent in frame.agents}
    lead = min(frame.agents, key=lambda agent: abs(agent.center_ego_m[0] - 22.0) + abs(agent.center_ego_m[1]))
    np.testing.assert_allclose(lead.velocity_ego_mps, [SPEED_MPS, 0.0], atol=1e-3)
    assert {line.kind for line in frame.map.polylines} >= {"lane_centerline", "lane_divider", "road_boundary"}


def test_the_can_bus_tells_the_motion(written):
    messages = NuScenesCanBus(str(written.dataroot)).get_messages("scene-0001", "pose")
    assert len(messages) == 201
    np.testing.assert_allclose([message["vel"][0] for message in messages], SPEED_MPS, atol=1e-6)
    assert np.diff([message["utime"] for message in messages]).tolist() == [100_000] * 200


def test_drives_without_a_place_get_one_beside_the_others():
    fixed = replace(straight_drive(name="scene-0009"), location="boston-seaport")
    free = [straight_drive(name=f"scene-{i:04d}") for i in range(5)]
    left = straight_drive(name="scene-0007").mirrored()
    placed = place([free[0], fixed, *free[1:], left])
    assert placed[1] is fixed
    assert placed[-1].location.startswith("singapore")
    here = [drive for drive in placed if drive.location == "boston-seaport"]
    bounds = np.array([drive.road_map.bounds_m for drive in here])
    for i, first in enumerate(bounds):
        for second in bounds[:i]:
            assert (first[:2] >= second[2:]).any() or (second[:2] >= first[2:]).any()
    away = [drive for drive in here if drive is not fixed]
    assert min(drive.road_map.bounds_m[0] for drive in away) > 0
    assert all(side >= edge for side, edge in zip(canvas_m(here), bounds[:, 2:].max(axis=0), strict=True))
    assert len({lane.lane_id for drive in here for lane in drive.road_map.lanes}) == 3 * len(here)


@pytest.mark.parametrize(
    ("drives", "expected"),
    [([], "at least one"), ([straight_drive(), straight_drive()], "names of their own")],
    ids=["no drives", "two of one name"],
)
def test_drives_that_make_no_data_set_are_refused(drives, expected, tmp_path):
    with pytest.raises(InvalidField, match=expected):
        write_data_set(drives, tmp_path, OPTIONS)


def test_a_folder_that_holds_something_is_refused(tmp_path):
    (tmp_path / "precious").write_text("x")
    with pytest.raises(InvalidField, match="empty or new folder"):
        write_data_set([straight_drive()], tmp_path, OPTIONS)
