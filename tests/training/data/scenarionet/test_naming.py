"""What a drive is called, where and when it was."""

import numpy as np

from tests.training.data.scenarionet.scenario_files import nuscenes_scenario, waymo_scenario, written
from training.data.scenarionet.log import read_drive


def _changed(tmp_path, scenario, **metadata):
    scenario["metadata"] |= metadata
    return read_drive(written(tmp_path, scenario))


def test_a_nuscenes_scene_keeps_its_name_place_and_day(nuscenes_drive):
    assert nuscenes_drive.name == "scene-0007"
    assert nuscenes_drive.log_name == "boston-seaport-2018-08-28"
    assert nuscenes_drive.source == "nuscenes v1.0-mini"
    assert nuscenes_drive.date == "2018-08-28"
    assert nuscenes_drive.location == "boston-seaport"
    assert nuscenes_drive.scene_id == "token of the scene"
    assert not nuscenes_drive.left_hand_traffic


def test_a_waymo_scenario_is_its_own_log(waymo_drive):
    assert waymo_drive.name == waymo_drive.log_name == "0a1b2c3d4e5f6071"
    assert waymo_drive.source == "waymo"
    assert waymo_drive.date == "1970-01-01"
    assert waymo_drive.location is None
    assert waymo_drive.scene_id is None


def test_singapore_keeps_left_under_both_its_names(tmp_path):
    assert _changed(tmp_path, nuscenes_scenario(), map="singapore-onenorth").left_hand_traffic
    assert _changed(tmp_path, waymo_scenario(), dataset="nuplan", map="sg-one-north").left_hand_traffic
    assert not _changed(tmp_path, waymo_scenario(), dataset="nuplan", map="us-nv-las-vegas-strip").left_hand_traffic


def test_scenes_of_one_nuplan_log_share_it(tmp_path):
    first = _changed(tmp_path, waymo_scenario() | {"id": "one"}, dataset="nuplan", log_name="2021.05.12_veh-35")
    second = _changed(tmp_path, waymo_scenario() | {"id": "two"}, dataset="nuplan", log_name="2021.05.12_veh-35")
    assert first.log_name == second.log_name == "2021.05.12_veh-35"
    assert first.name != second.name


def test_names_are_fit_for_files(tmp_path):
    assert read_drive(written(tmp_path, waymo_scenario() | {"id": "../log 7:b"})).name == "log-7-b"


def test_a_scene_moved_to_the_origin_is_on_no_map(tmp_path):
    """As ScenarioNet's later versions do, without saying by how much."""
    scenario = nuscenes_scenario()
    for track in scenario["tracks"].values():
        track["state"]["position"][:, :2] -= [1000.0, 502.0]
    for feature in scenario["map_features"].values():
        for key in feature.keys() & {"polyline", "polygon"}:
            feature[key] = np.asarray(feature[key])[:, :2] - [1000.0, 502.0]
    drive = read_drive(written(tmp_path, scenario))
    assert drive.location is None
    assert drive.log_name == "boston-seaport-2018-08-28"


def test_the_seed_is_the_scenario_s_own(tmp_path, waymo_drive):
    again = read_drive(written(tmp_path, waymo_scenario(), "elsewhere.pkl"))
    other = read_drive(written(tmp_path, waymo_scenario() | {"id": "another"}))
    assert again.seed == waymo_drive.seed == 1532000194
    assert other.seed != waymo_drive.seed


def test_the_description_counts_who_is_there(nuscenes_drive, waymo_drive):
    assert nuscenes_drive.description == "nuscenes v1.0-mini: 1 vehicle, 1 person, 1 object; the ego at 8.0 to 8.0 m/s."
    assert waymo_drive.description.startswith("waymo: 2 vehicles, 1 object, 1 of unknown kind left out; the ego at ")
