"""Small key frames by hand: an empty straight road, and what may stand or move on it."""

import numpy as np
from numpy.typing import NDArray

from training.data.samples.keyframe import Keyframe
from waymend.agents import AgentBox, DrivableArea, Polyline, VectorMap
from waymend.trajectory import EgoState

TIMES_S = 0.5 * np.arange(1, 7)
FRONT_M = 1.385 + 4.084 / 2
"""From the rear axle to the front bumper."""


def straight(speed_mps: float, acceleration_mps2: float = 0.0, left_m: float = 0.0) -> NDArray[np.float64]:
    """Along x; a braking vehicle stops and stays; to the left by `left_m` at the end, smoothly."""
    stop_s = speed_mps / -acceleration_mps2 if acceleration_mps2 < 0 else np.inf
    t = np.minimum(TIMES_S, stop_s)
    share = TIMES_S / TIMES_S[-1]
    return np.stack((speed_mps * t + acceleration_mps2 * t**2 / 2, left_m * share**2 * (3 - 2 * share)), axis=1)


def circle(speed_mps: float, radius_m: float) -> NDArray[np.float64]:
    """To the left for a positive radius, to the right for a negative one."""
    angle = speed_mps * TIMES_S / radius_m
    return radius_m * np.stack((np.sin(angle), 1 - np.cos(angle)), axis=1)


def agent(object_class: str, x_m: float, y_m: float = 0.0, velocity=(0.0, 0.0), yaw_rad: float = 0.0) -> AgentBox:
    length_m, width_m, height_m = {"pedestrian": (0.6, 0.6, 1.8), "truck": (8.0, 2.5, 3.0)}.get(
        object_class, (4.0, 2.0, 1.6)
    )
    name = f"{object_class} at {x_m:g}, {y_m:g}"
    center_m = (x_m, y_m, height_m / 2)
    return AgentBox(name, object_class, center_m, length_m, width_m, height_m, yaw_rad, velocity)


def line(kind: str, *points_m: tuple[float, float]) -> Polyline:
    return Polyline(kind, np.array(points_m, np.float32))


def two_lane_road() -> VectorMap:
    """The ego lane along x, 3.5 m wide; an oncoming lane to its left; a divider between them."""
    return VectorMap(
        polylines=(
            line("lane_centerline", (-20.0, 0.0), (55.0, 0.0)),
            line("lane_centerline", (55.0, 3.5), (-20.0, 3.5)),
            line("lane_divider", (-20.0, 1.75), (55.0, 1.75)),
        ),
        drivable_areas=(DrivableArea(np.array([[-20, -1.75], [55, -1.75], [55, 5.25], [-20, 5.25]], np.float32)),),
    )


def left_bend(radius_m: float = 20.0) -> VectorMap:
    """The ego lane on a circle to the left, its edges 4 m to either side."""
    angle = np.linspace(-0.3, 1.6, 96)

    def ring(distance_m: float) -> NDArray[np.float32]:
        return np.stack((distance_m * np.sin(angle), radius_m - distance_m * np.cos(angle)), axis=1).astype(np.float32)

    outline = np.concatenate((ring(radius_m + 4.0), ring(radius_m - 4.0)[::-1]))
    return VectorMap((Polyline("lane_centerline", ring(radius_m)),), (DrivableArea(outline),))


def keyframe(
    future_ego_m: NDArray[np.float64],
    agents: tuple[AgentBox, ...] = (),
    road_map: VectorMap | None = None,
    ego_state: EgoState | None = None,
    command: str = "straight",
) -> Keyframe:
    """The ego state goes on as the first step of the future, unless given."""
    return Keyframe(
        sample_token="s",
        scene_name="scene-0001",
        log_name="log",
        location="town",
        timestamp_us=0,
        ego_state=ego_state or EgoState(float(np.hypot(*future_ego_m[0]) / 0.5)),
        history_ego=np.array([[-1.0, -5.0, 0.0, 0.0], [-0.5, -2.5, 0.0, 0.0]]),
        future_ego_m=future_ego_m,
        command=command,
        agents=agents,
        road_map=road_map,
    )
