"""Where the ego vehicle's box is along a trajectory, also between waypoints."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from llm_service.verifier.limits import EgoDimensions


@dataclass(frozen=True, slots=True, eq=False)
class EgoPath:
    """Poses of the ego vehicle at S times from now (time 0) to the last waypoint.

    Attributes:
        times_s: [S].
        rear_axle_ego_m: [S, 2].
        heading_rad: [S].
        corners_ego_m: [S, 4, 2] rear right, front right, front left, rear left.
        reversed_m: Way driven backwards, summed over the steps between waypoints.
    """

    times_s: NDArray[np.float64]
    rear_axle_ego_m: NDArray[np.float64]
    heading_rad: NDArray[np.float64]
    corners_ego_m: NDArray[np.float64]
    reversed_m: float = 0.0


def ego_path(
    trajectory_ego_m: NDArray[np.float64],
    step_s: float,
    step_heading_rad: NDArray[np.float64],
    ego: EgoDimensions,
    substep_s: float,
) -> EgoPath:
    """Poses along a trajectory [T, 2], at most `substep_s` apart.

    Positions follow a cubic Hermite spline through the waypoints that leaves the origin along the x axis; headings
    are linear between waypoints, where they are the mean of the headings [T] of the two steps that meet.
    """
    waypoints = len(trajectory_ego_m)
    per_step = max(1, math.ceil(step_s / substep_s - 1e-9))
    progress = np.arange(waypoints * per_step + 1) / per_step
    step = np.minimum(progress.astype(int), waypoints - 1)
    along = (progress - step)[:, None]
    knots = np.concatenate((np.zeros((1, 2)), trajectory_ego_m))
    tangents = _tangents(knots)
    rear_axle = (
        knots[step] * (1 + 2 * along) * (1 - along) ** 2
        + tangents[step] * along * (1 - along) ** 2
        + knots[step + 1] * along**2 * (3 - 2 * along)
        + tangents[step + 1] * along**2 * (along - 1)
    )
    heading = np.interp(progress, np.arange(waypoints + 1), _knot_headings(step_heading_rad))
    corners = box_corners(rear_axle, heading, ego)
    return EgoPath(progress * step_s, rear_axle, heading, corners, _reversed_m(knots, step_heading_rad))


def box_corners(
    rear_axle_m: NDArray[np.float64], heading_rad: NDArray[np.float64], ego: EgoDimensions
) -> NDArray[np.float64]:
    """Corners [S, 4, 2] of the ego vehicle whose rear axle stands at [S, 2] with headings [S]."""
    rear = ego.rear_axle_to_center_m - ego.length_m / 2
    front = ego.rear_axle_to_center_m + ego.length_m / 2
    half_width = ego.width_m / 2
    outline = np.array([[rear, -half_width], [front, -half_width], [front, half_width], [rear, half_width]])
    cos, sin = np.cos(heading_rad)[:, None], np.sin(heading_rad)[:, None]
    x = outline[:, 0] * cos - outline[:, 1] * sin
    y = outline[:, 0] * sin + outline[:, 1] * cos
    return np.stack((x, y), axis=-1) + rear_axle_m[:, None]


def _reversed_m(knots_m: NDArray[np.float64], step_heading_rad: NDArray[np.float64]) -> float:
    """Way driven against the heading [T] of each step; the spline between the knots may overshoot a hard stop."""
    steps_m = np.diff(knots_m, axis=0)
    along_m = steps_m[:, 0] * np.cos(step_heading_rad) + steps_m[:, 1] * np.sin(step_heading_rad)
    return float(-np.minimum(along_m, 0.0).sum())


def _tangents(knots_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """Displacement per step at each knot [T+1, 2]: the mean of its two steps, along the x axis at the start."""
    steps_m = np.diff(knots_m, axis=0)
    tangents = np.empty_like(knots_m)
    tangents[0] = (np.copysign(np.hypot(*steps_m[0]), steps_m[0, 0]), 0.0)
    tangents[1:-1] = (steps_m[:-1] + steps_m[1:]) / 2
    tangents[-1] = steps_m[-1] if len(steps_m) == 1 else 1.5 * steps_m[-1] - 0.5 * steps_m[-2]
    return tangents


def _knot_headings(step_heading_rad: NDArray[np.float64]) -> NDArray[np.float64]:
    """Heading at each knot [T+1]; the last step's turn goes on to its end."""
    before = np.concatenate(([0.0], step_heading_rad[:-1]))
    knots = np.empty(len(step_heading_rad) + 1)
    knots[0] = 0.0
    knots[1:-1] = (step_heading_rad[:-1] + step_heading_rad[1:]) / 2
    knots[-1] = step_heading_rad[-1] + (step_heading_rad[-1] - before[-1]) / 2
    return knots
