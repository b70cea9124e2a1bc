import numpy as np
import pytest
import torch

from perception_service.models.tokens.vector_inputs import (
    VectorInputs,
    distance_to_polyline_m,
    resample_polyline,
    vector_inputs,
)
from waymend.agents import Polyline
from waymend.trajectory import EgoState

NO_HISTORY = np.zeros((0, 4))


def inputs_of(agents=(), polylines=(), history=NO_HISTORY, state=None, max_agents=63, max_polylines=64):
    return vector_inputs(state, history, agents, polylines, max_agents=max_agents, max_polylines=max_polylines)


def test_agents_come_nearest_first_and_the_farthest_are_left_out(make_agent):
    agents = [make_agent(x, 0.0) for x in (30.0, -5.0, 12.0, 50.0)]
    inputs = inputs_of(agents, max_agents=3)
    assert (inputs.agents[0, :, 0] * 50).round().tolist() == [-5.0, 12.0, 30.0]


def test_polylines_come_nearest_first_by_their_nearest_point():
    """A long lane that passes the vehicle between its two points is nearer than a short one that starts close by."""
    passing = Polyline("lane_divider", np.array([[-40, 1], [40, 1]], np.float32))
    close_by = Polyline("crossing", np.array([[5, 0], [6, 0]], np.float32))
    far = Polyline("stop_line", np.array([[20, 0], [20, 3]], np.float32))
    inputs = inputs_of(polylines=[far, close_by, passing], max_polylines=2)
    assert inputs.polyline_kinds.tolist() == [[1, 3]]


@pytest.mark.parametrize(
    ("points", "distance"),
    [
        ([[3, 4], [6, 8]], 5.0),
        ([[-1, 2], [1, 2]], 2.0),
        ([[3, 4]], 5.0),
        ([[3, 4], [3, 4]], 5.0),
        ([[-9, 0], [1, 0]], 0.0),
    ],
)
def test_distance_to_a_polyline(points, distance):
    assert distance_to_polyline_m(np.array(points, np.float32)) == pytest.approx(distance)


def test_resampled_points_lie_at_equal_arc_lengths():
    corner = np.array([[0, 0], [10, 0], [10, 9]])
    points = resample_polyline(corner, 20)
    np.testing.assert_allclose(points[[0, 10, 19]], [[0, 0], [10, 0], [10, 9]], atol=1e-9)
    np.testing.assert_allclose(np.hypot(*np.diff(points, axis=0).T), 1.0)


def test_a_polyline_without_length_stays_a_point():
    np.testing.assert_allclose(resample_polyline(np.array([[2.0, 3.0], [2.0, 3.0]]), 20), [[2.0, 3.0]] * 20)


def test_an_unknown_ego_state_is_told_from_standing_still():
    assert inputs_of(state=None).ego_state.tolist() == [[0, 0, 0, 0]]
    assert inputs_of(state=EgoState(0.0)).ego_state.tolist() == [[0, 0, 0, 1]]


def test_collating_pads_and_masks(make_agent):
    batch = VectorInputs.collate([inputs_of([make_agent(1, 1)]), inputs_of([make_agent(2, 2)] * 3)])
    assert batch.agents.shape[:2] == (2, 3)
    assert batch.agent_mask.tolist() == [[True, False, False], [True] * 3]
    assert torch.equal(batch.polyline_mask, torch.zeros(2, 0, dtype=torch.bool))
