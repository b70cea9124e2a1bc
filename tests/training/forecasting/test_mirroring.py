"""A mirrored batch is what a mirrored key frame gives."""

from dataclasses import fields, replace

import numpy as np
import pytest
import torch

from perception_service.models.config import PerceptionConfig
from perception_service.models.presets import preset
from training.data.samples.keyframe_rows import keyframe_from_row
from training.data.samples.loading import load_keyframes
from training.forecasting.frames import ForecastBatch, forecast_frame
from training.forecasting.mirroring import mirrored
from waymend.agents import Polyline, VectorMap
from waymend.trajectory import Horizon

CONFIG = PerceptionConfig.parse(preset("tiny"))
FLIP = np.array([1.0, -1.0])


def crooked(keyframe, command):
    """The key frame of a straight drive with a lane that bears left, and someone who comes in from the right."""
    angles = np.linspace(0.0, 1.2, 20)
    bearing = np.stack((30.0 * np.sin(angles), 0.7 + 30.0 * (1 - np.cos(angles))), 1).astype(np.float32)
    coming = replace(keyframe.agents[0], center_ego_m=(15.0, -6.0, 0.8), velocity_ego_mps=(1.0, 2.0), yaw_rad=0.4)
    return replace(
        keyframe,
        command=command,
        ego_state=replace(keyframe.ego_state, yaw_rate_radps=0.1),
        agents=(coming, *keyframe.agents[1:]),
        road_map=VectorMap((Polyline("lane_centerline", bearing),)),
    )


def in_a_mirror(keyframe):
    agents = tuple(
        replace(
            agent,
            center_ego_m=(agent.center_ego_m[0], -agent.center_ego_m[1], agent.center_ego_m[2]),
            yaw_rad=-agent.yaw_rad,
            velocity_ego_mps=(agent.velocity_ego_mps[0], -agent.velocity_ego_mps[1]),
        )
        for agent in keyframe.agents
    )
    lines = tuple(
        Polyline(line.kind, (line.points_ego_m * FLIP).astype(np.float32)) for line in keyframe.road_map.polylines
    )
    return replace(
        keyframe,
        ego_state=replace(keyframe.ego_state, yaw_rate_radps=-keyframe.ego_state.yaw_rate_radps),
        history_ego=keyframe.history_ego * [1.0, 1.0, -1.0, -1.0],
        future_ego_m=keyframe.future_ego_m * FLIP,
        command={"left": "right", "right": "left"}.get(keyframe.command, keyframe.command),
        agents=agents,
        road_map=VectorMap(lines),
    )


@pytest.mark.parametrize("command", ["left", "right", "straight"])
def test_a_mirrored_batch_is_of_mirrored_key_frames(samples, command):
    keyframes = [crooked(keyframe_from_row(row), command) for row in load_keyframes(samples, "train")]
    batch, expected = (
        ForecastBatch.of([forecast_frame(keyframe, CONFIG, Horizon()) for keyframe in some])
        for some in (keyframes, map(in_a_mirror, keyframes))
    )
    made = mirrored(batch)
    for field in fields(made.vectors):
        given, wanted = getattr(made.vectors, field.name), getattr(expected.vectors, field.name)
        torch.testing.assert_close(given, wanted, atol=1e-5, rtol=1e-5, msg=field.name)
    torch.testing.assert_close(made.command, expected.command)
    torch.testing.assert_close(made.beyond_ctra_m, expected.beyond_ctra_m, atol=1e-5, rtol=1e-5)
    assert not torch.equal(made.vectors.ways, batch.vectors.ways)
