"""Tracks stay the source's own; only the point of the ego and the ground are made nuScenes'."""

import numpy as np
import pytest

from tests.training.data.scenarionet.scenario_files import (
    JITTERED_TIMES_S,
    TIMES_S,
    WAYMO_EGO_SIZE_LWH_M,
    nuscenes_scenario,
    waymo_scenario,
    written,
)
from training.data.scenarionet.log import read_drive
from waymend import ego_vehicle


def _agent(drive, agent_id):
    return next(agent for agent in drive.agents if agent.agent_id == agent_id)


def test_nuscenes_ego_is_the_source_s_rear_axle(nuscenes_drive):
    source = nuscenes_scenario()["tracks"]["ego"]["state"]
    np.testing.assert_array_equal(nuscenes_drive.ego.times_s, TIMES_S)
    np.testing.assert_array_equal(nuscenes_drive.ego.positions_at(TIMES_S), source["position"])
    np.testing.assert_array_equal(nuscenes_drive.ego.yaws_at(TIMES_S), source["heading"])


def test_elsewhere_the_rear_axle_lies_behind_the_middle(waymo_drive):
    """As large a share of the length behind it as on nuScenes' own vehicle: 1.79 m on a 5.29 m long one."""
    source = waymo_scenario()["tracks"]["1751"]["state"]
    share = ego_vehicle.REAR_AXLE_TO_CENTER_M / ego_vehicle.LENGTH_M
    behind = share * np.float32(WAYMO_EGO_SIZE_LWH_M[0])
    assert behind == pytest.approx(1.7926, abs=1e-4)
    np.testing.assert_allclose(waymo_drive.ego.positions_m[:, 0], source["position"][:, 0], atol=1e-6)
    np.testing.assert_allclose(waymo_drive.ego.positions_m[:, 1], source["position"][:, 1] - behind, atol=1e-6)
    np.testing.assert_array_equal(waymo_drive.ego.yaws_rad, source["heading"].astype(np.float64))


def test_nuplan_says_itself_where_its_rear_axle_is(tmp_path):
    scenario = waymo_scenario()
    scenario["metadata"] |= {"dataset": "nuplan", "ego_vehicle_parameters": {"rear_axle_to_center": 1.461}}
    drive = read_drive(written(tmp_path, scenario))
    assert drive.ego.positions_m[0, 1] == pytest.approx(-1.461, abs=1e-6)


def test_the_ego_stands_on_the_ground(nuscenes_drive, waymo_drive):
    assert not nuscenes_drive.ego.positions_m[:, 2].any()
    assert not waymo_drive.ego.positions_m[:, 2].any()


def test_nuscenes_agents_keep_their_true_height(nuscenes_drive):
    car = _agent(nuscenes_drive, "car")
    source = nuscenes_scenario()["tracks"]["car"]["state"]
    np.testing.assert_array_equal(car.track.positions_at(TIMES_S), source["position"])
    assert car.size_lwh_m == (4.5, 1.9, 1.6)
    assert car.category == "vehicle.car"


def test_elsewhere_the_hills_are_made_flat(waymo_drive):
    truck = _agent(waymo_drive, "7")
    source = waymo_scenario()["tracks"]["7"]["state"]
    np.testing.assert_array_equal(truck.track.positions_m[:, :2], source["position"][:, :2].astype(np.float64))
    np.testing.assert_allclose(truck.track.positions_m[:, 2], truck.size_lwh_m[2] / 2)
    assert truck.category == "vehicle.bus.rigid"


def test_steps_that_are_not_valid_are_never_used(nuscenes_drive):
    late = _agent(nuscenes_drive, "late")
    assert not late.track.valid_at([1.9])[0]
    np.testing.assert_allclose(late.track.positions_at([2.0])[0], [1012.0, 510.0, 0.9])
    assert late.size_lwh_m == (0.6, 0.6, 1.2)
    assert np.isnan(late.track.positions_m[:20]).all()
    assert np.isnan(late.track.yaws_rad[:20]).all()


def test_an_agent_seen_once_is_there_at_that_step_alone(nuscenes_drive):
    once = _agent(nuscenes_drive, "once")
    assert once.track.valid.sum() == 1
    np.testing.assert_allclose(once.track.pose_at(1.0).translation_m, [1005.0, 509.0, 0.5])
    assert once.track.pose_at(1.05) is None


def test_an_agent_never_seen_is_none(nuscenes_drive):
    assert sorted(agent.agent_id for agent in nuscenes_drive.agents) == ["car", "late", "once"]


def test_what_nuscenes_has_no_word_for_is_left_out_and_counted(waymo_drive):
    assert {agent.agent_id: agent.category for agent in waymo_drive.agents} == {
        "7": "vehicle.bus.rigid",
        "21": "vehicle.bicycle",
        "22": "movable_object.barrier",
    }
    assert "1 of unknown kind left out" in waymo_drive.description


def test_the_size_is_the_median_of_the_valid_steps(tmp_path):
    scenario = nuscenes_scenario()
    length = scenario["tracks"]["car"]["state"]["length"]
    length[:10] = 9.0
    drive = read_drive(written(tmp_path, scenario))
    assert _agent(drive, "car").size_lwh_m == (4.5, 1.9, 1.6)


def test_positions_without_a_height_are_read(tmp_path):
    scenario = waymo_scenario()
    for track in scenario["tracks"].values():
        track["state"]["position"] = track["state"]["position"][:, :2]
    drive = read_drive(written(tmp_path, scenario))
    assert _agent(drive, "7").track.positions_m[0].tolist() == pytest.approx([3.5, 20.0, 1.6])


def test_times_begin_at_the_first_step(waymo_drive):
    assert waymo_drive.ego.times_s[0] == 0.0
    np.testing.assert_allclose(waymo_drive.ego.times_s, JITTERED_TIMES_S, atol=2e-6)
