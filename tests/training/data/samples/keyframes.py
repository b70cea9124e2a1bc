"""Key frames by hand, for tests."""

import numpy as np

from training.data.samples.keyframe import Keyframe
from waymend.agents import AgentBox, DrivableArea, Polyline, VectorMap
from waymend.trajectory import EgoState, Horizon

HORIZON = Horizon()
TIMES_S = HORIZON.times_s


def keyframe(future_ego_m, speed_mps=10.0, agents=(), road_map=None, **changes):
    values = {
        "sample_token": "token", "scene_name": "scene-0001", "log_name": "log", "location": "boston-seaport",
        "timestamp_us": 1_500_000_000_000_000, "ego_state": EgoState(speed_mps, 0.2, 0.1),
        "history_ego": np.array([[-1.0, -10.0, 0.1, 0.0], [-0.5, -5.0, 0.0, 0.0]]),
        "future_ego_m": np.asarray(future_ego_m, np.float64), "command": "straight", "agents": tuple(agents),
        "road_map": road_map,
    }  # fmt: skip
    return Keyframe(**(values | changes))


def straight_on(speed_mps=10.0):
    return np.stack([speed_mps * TIMES_S, np.zeros(6)], axis=1)


def braking(speed_mps=10.0, begins_s=1.0, braking_mps2=3.0):
    """Straight on, braking to a stand."""
    braked_s = np.clip(TIMES_S - begins_s, 0.0, speed_mps / braking_mps2)
    x = speed_mps * np.minimum(TIMES_S, begins_s) + speed_mps * braked_s - braking_mps2 * braked_s**2 / 2
    return np.stack([x, np.zeros(6)], axis=1)


def left_turn(speed_mps=8.0, radius_m=15.0):
    turned = speed_mps * TIMES_S / radius_m
    return radius_m * np.stack([np.sin(turned), 1 - np.cos(turned)], axis=1)


def car(x_m, y_m=0.0, yaw_rad=0.0, speed_mps=0.0):
    velocity = (speed_mps * np.cos(yaw_rad), speed_mps * np.sin(yaw_rad))
    return AgentBox("car", "car", (x_m, y_m, 0.8), 4.0, 2.0, 1.6, yaw_rad, velocity)


def parallel_lanes(*offsets_m, oncoming=()):
    """Centre lines along x at y offsets, and a drivable area with a hole."""
    x = np.linspace(-30.0, 60.0, 10, dtype=np.float32)
    lines = [np.stack([x, np.full(10, y, np.float32)], axis=1) for y in offsets_m]
    lines += [np.stack([x[::-1], np.full(10, y, np.float32)], axis=1) for y in oncoming]
    ring = np.array([[-30, -9], [60, -9], [60, 9], [-30, 9], [-30, -9]], np.float32)
    hole = np.array([[5, 7], [6, 7], [6, 8], [5, 7]], np.float32)
    return VectorMap(
        polylines=(*(Polyline("lane_centerline", points) for points in lines), Polyline("lane_divider", ring[:2])),
        drivable_areas=(DrivableArea(ring, (hole,)), DrivableArea(ring + 50)),
    )
