"""nuscenes-devkit opens the tables and finds in them what the drives are."""

import numpy as np
import pytest

from training.data.nuscenes_format.tables import CATEGORIES
from waymend.vocabulary import CAMERA_NAMES

CHANNELS = ("LIDAR_TOP", *CAMERA_NAMES)


def test_every_drive_is_a_scene_with_its_samples_in_order(written):
    for drive in written.drives:
        samples = list(written.samples(drive))
        assert len(samples) == len(drive.keyframe_times_s)
        steps_us = np.diff([sample["timestamp"] for sample in samples])
        np.testing.assert_array_equal(steps_us, 500_000)
        assert all(set(sample["data"]) == set(CHANNELS) for sample in samples)


def test_logs_and_maps_belong_to_the_place(written):
    places = {written.nuscenes.get("log", scene["log_token"])["location"] for scene in written.nuscenes.scene}
    assert places == {"boston-seaport", "singapore-onenorth"}
    assert {record["map_token"] for record in written.nuscenes.log} == {row["token"] for row in written.nuscenes.map}


def test_sensor_records_form_one_chain_with_sweeps_between_key_frames(written):
    nuscenes, drive = written.nuscenes, written.drives[0]
    first = next(written.samples(drive))
    record = nuscenes.get("sample_data", first["data"]["LIDAR_TOP"])
    chain = [record]
    while record["next"]:
        record = nuscenes.get("sample_data", record["next"])
        chain.append(record)
    assert [record["is_key_frame"] for record in chain] == [True, False, True, False, True]
    assert [record["filename"].split("/")[0] for record in chain] == [
        "samples",
        "sweeps",
        "samples",
        "sweeps",
        "samples",
    ]
    for record in chain:
        time_s = (record["timestamp"] - chain[0]["timestamp"]) * 1e-6
        pose = nuscenes.get("ego_pose", record["ego_pose_token"])
        np.testing.assert_allclose(pose["translation"], drive.ego.positions_at([time_s])[0], atol=1e-6)


def test_instances_link_their_annotations_and_count_them(written):
    nuscenes = written.nuscenes
    for instance in nuscenes.instance:
        token, count = instance["first_annotation_token"], 0
        while token:
            annotation = nuscenes.get("sample_annotation", token)
            assert annotation["instance_token"] == instance["token"]
            token, count = annotation["next"], count + 1
        assert count == instance["nbr_annotations"]


def test_an_agent_is_annotated_only_while_it_is_there(written):
    drive = written.drives[0]
    late = next(i for i, agent in enumerate(drive.agents) if agent.agent_id == "late")
    counts = [len(sample["anns"]) for sample in written.samples(drive)]
    assert not drive.agents[late].track.valid_at([0.0])[0]
    assert counts == [len(drive.agents) - 1, len(drive.agents), len(drive.agents)]


@pytest.mark.parametrize(
    ("agent_id", "attribute"),
    [
        ("lead", "vehicle.moving"),
        ("parked", "vehicle.parked"),
        ("walker", "pedestrian.moving"),
        ("late", "pedestrian.standing"),
        ("cyclist", "cycle.with_rider"),
    ],
)
def test_attributes_tell_how_an_agent_moves(written, agent_id, attribute):
    drive = written.drives[0]
    sample = list(written.samples(drive))[1]
    position = next(agent for agent in drive.agents if agent.agent_id == agent_id).track.positions_at([0.5])[0]
    annotation = min(
        (written.nuscenes.get("sample_annotation", token) for token in sample["anns"]),
        key=lambda row: np.linalg.norm(np.array(row["translation"]) - position),
    )
    (token,) = annotation["attribute_tokens"]
    assert written.nuscenes.get("attribute", token)["name"] == attribute


def test_all_of_nuscenes_categories_are_there(written):
    assert {row["name"] for row in written.nuscenes.category} == set(CATEGORIES)
    assert len(CATEGORIES) == 23


def test_the_devkit_lists_scenes_and_renders_a_sample(written, tmp_path, capsys):
    written.nuscenes.list_scenes()
    assert "scene-0002" in capsys.readouterr().out
    picture = tmp_path / "sample.png"
    sample = next(written.samples(written.drives[0]))
    written.nuscenes.render_sample(sample["token"], out_path=str(picture), verbose=False)
    assert picture.stat().st_size > 50_000
