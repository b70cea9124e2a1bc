"""True future boxes, in the ego frame of the key frame."""

import numpy as np
import pytest

from training.evaluating.agent_futures import agent_futures
from waymend.errors import InvalidField
from waymend.trajectory import Horizon

HORIZON = Horizon()
EGO_MPS, LEAD_GAP_M = 9.0, 22.0


@pytest.fixture
def keyframe(keyframes):
    """The first with the vehicle 22 m behind a lead that is as fast."""
    return next(one for one in keyframes if one.scene_name == "scene-0001")


def box_of(futures, near_m, step=0):
    """The track whose box is nearest to a place at a step."""
    distance = np.hypot(*(futures.boxes[step, :, :2] - np.array(near_m)).T)
    return futures.boxes[:, int(np.nanargmin(distance))]


def test_a_lead_at_the_ego_vehicles_speed_drives_away_from_where_the_vehicle_was(nuscenes, keyframe):
    futures = agent_futures(nuscenes, keyframe.sample_token, HORIZON)
    assert futures.known.all()
    lead = box_of(futures, (LEAD_GAP_M + EGO_MPS * 0.5, 0.0))
    np.testing.assert_allclose(lead[:, 0], LEAD_GAP_M + EGO_MPS * HORIZON.times_s, atol=0.02)
    np.testing.assert_allclose(lead[:, 1], 0.0, atol=0.02)
    np.testing.assert_allclose(lead[:, 2:4], [[4.6, 1.9]] * 6, atol=1e-6)


def test_a_parked_car_stays_in_the_ego_frame_of_now(nuscenes, keyframe):
    parked = next(a for a in keyframe.agents if a.object_class == "car" and np.hypot(*a.velocity_ego_mps) < 0.1)
    futures = agent_futures(nuscenes, keyframe.sample_token, HORIZON)
    track = box_of(futures, parked.center_ego_m[:2])
    np.testing.assert_allclose(track[:, :2], [parked.center_ego_m[:2]] * 6, atol=0.02)


def test_between_samples_boxes_are_interpolated(nuscenes, keyframe):
    token = keyframe.sample_token
    fine, coarse = (agent_futures(nuscenes, token, Horizon(steps, step)) for steps, step in ((12, 0.25), (6, 0.5)))
    np.testing.assert_allclose(fine.boxes[1::2], coarse.boxes, atol=0.02)
    lead = box_of(fine, (LEAD_GAP_M + EGO_MPS * 0.25, 0.0))
    np.testing.assert_allclose(np.diff(lead[:, 0]), EGO_MPS * 0.25, atol=0.02)


def test_after_the_last_sample_nothing_is_known(nuscenes, keyframes):
    futures = agent_futures(nuscenes, keyframes[1].sample_token, Horizon(10, 0.5))
    assert futures.known.tolist() == [True] * 6 + [False] * 4
    assert np.isnan(futures.boxes[6:]).all()
    assert np.isfinite(futures.boxes[:6]).any()


def test_an_empty_road_is_known_to_be_empty(nuscenes, keyframe, monkeypatch):
    for sample in nuscenes.sample:
        monkeypatch.setitem(sample, "anns", [])
    futures = agent_futures(nuscenes, keyframe.sample_token, HORIZON)
    assert futures.boxes.shape == (6, 0, 5)
    assert futures.known.all()


def test_a_data_set_without_annotations_tells_nothing(nuscenes, keyframe, monkeypatch):
    for sample in nuscenes.sample:
        monkeypatch.setitem(sample, "anns", [])
    monkeypatch.setattr(nuscenes, "sample_annotation", [])
    assert not agent_futures(nuscenes, keyframe.sample_token, HORIZON).known.any()


def test_a_sample_of_another_data_set_is_refused(nuscenes):
    with pytest.raises(InvalidField, match="the data set that the samples were built from, given nothing"):
        agent_futures(nuscenes, "nothing", HORIZON)
