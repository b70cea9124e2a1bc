import numpy as np
import pytest
import torch

from perception_service.models.tokens.vector_encoder import VectorEncoder
from perception_service.models.tokens.vector_inputs import VectorInputs, vector_inputs
from waymend.agents import Polyline
from waymend.trajectory import EgoState


@pytest.fixture
def encoder():
    torch.manual_seed(0)
    return VectorEncoder(
        agents=63, polylines=64, hidden_channels=32, num_heads=4, num_layers=2, out_channels=256
    ).eval()


def inputs_of(agents=(), lines=(), history=((0.5, -4.0, 0.0, 0.0),), state=None):
    history = np.array(history, float).reshape(-1, 4)
    return vector_inputs(state or EgoState(8.0), history, agents, lines, max_agents=63, max_polylines=64)


def lines(count):
    return [Polyline("lane_centerline", np.array([[k, 0], [k + 5, 1]], np.float32)) for k in range(count)]


@pytest.mark.parametrize(("agents", "polylines", "tokens"), [(0, 0, 1), (2, 3, 6), (63, 64, 128), (100, 200, 128)])
def test_one_token_per_vector_within_the_budget(encoder, make_agent, agents, polylines, tokens):
    given = [make_agent(float(k), 1.0) for k in range(agents)]
    encoded, mask = encoder(inputs_of(given, lines(polylines)))
    assert encoded.shape == (1, tokens, 256)
    assert mask.all()


def test_without_history_the_ego_token_is_finite(encoder):
    encoded, _ = encoder(inputs_of(history=()))
    assert torch.isfinite(encoded).all()


def test_padding_does_not_change_a_frames_tokens(encoder, make_agent):
    short = inputs_of([make_agent(5.0, 1.0)], lines(2))
    long = inputs_of([make_agent(9.0, k) for k in range(6)], lines(9), history=[(k, -k, 0, 0) for k in range(5)])
    alone, _ = encoder(short)
    batch, mask = encoder(VectorInputs.collate([short, long]))
    assert mask.sum(1).tolist() == [4, 16]
    torch.testing.assert_close(batch[0][mask[0]], alone[0])


@pytest.mark.parametrize("change", [{"object_class": "bus"}, {"velocity_ego_mps": (9.0, 0.0)}, {"yaw_rad": 2.0}])
def test_tokens_depend_on_class_velocity_and_heading(encoder, make_agent, change):
    before, _ = encoder(inputs_of([make_agent(5.0, 1.0)]))
    after, _ = encoder(inputs_of([make_agent(5.0, 1.0, **change)]))
    assert (before - after).abs().max() > 1e-3
