"""Speed, acceleration, jerk and curvature of a trajectory, from its waypoints and the motion now.

With p[0] the origin and p[k] waypoint k, step k moves by d[k] = p[k] - p[k-1]. Its mean speed holds at the middle of
the step, at (k - 1/2) * step_s. Differences of neighbouring steps then hold at the waypoint between them; the first
one, between the motion now and step 1, spans half a step. For constant acceleration and for a circle at constant
speed these are exact; for constant jerk the accelerations at waypoints and the jerk are.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from llm_service.verifier.limits import SHORTEST_CURVATURE_CHORD_M, TIGHTEST_CURVATURE_1PM
from waymend.trajectory import EgoState

SHORTEST_HEADING_STEP_M = 0.1
"""A step shorter than this keeps the heading of the step before: at standstill, noise has no direction."""


@dataclass(frozen=True, slots=True, eq=False)
class Kinematics:
    """Motion along a trajectory of T waypoints, float64.

    Attributes:
        step_times_s: [T] middle of each step.
        node_times_s: [T] now and waypoints 1..T-1: where neighbouring steps meet.
        speed_mps: [T] mean over each step, negative in reverse.
        heading_rad: [T] of the vehicle during each step, continuous, 0 along the ego x axis.
        longitudinal_acceleration_mps2: [T] at the nodes, along the heading; the first is the mean over half a step.
        lateral_acceleration_mps2: [T] at the nodes, positive to the left.
        yaw_rate_radps: [T] at the nodes, positive to the left.
        curvature_1pm: [T] at the nodes, of the rear axle's path, positive to the left.
        chord_m: [T] mean length of the two steps that meet at each node.
        jerk_mps3: [T-1] length of the change of (longitudinal, lateral) acceleration from node to node.
    """

    step_times_s: NDArray[np.float64]
    node_times_s: NDArray[np.float64]
    speed_mps: NDArray[np.float64]
    heading_rad: NDArray[np.float64]
    longitudinal_acceleration_mps2: NDArray[np.float64]
    lateral_acceleration_mps2: NDArray[np.float64]
    yaw_rate_radps: NDArray[np.float64]
    curvature_1pm: NDArray[np.float64]
    chord_m: NDArray[np.float64]
    jerk_mps3: NDArray[np.float64]


def kinematics_of(trajectory_ego_m: NDArray[np.float64], step_s: float, ego_state: EgoState) -> Kinematics:
    """The motion along a trajectory [T, 2] whose waypoint k is reached at (k + 1) * step_s."""
    waypoints = len(trajectory_ego_m)
    steps_m = np.diff(trajectory_ego_m, axis=0, prepend=np.zeros((1, 2)))
    length_m = np.hypot(steps_m[:, 0], steps_m[:, 1])
    heading_rad, speed_mps = _headings_and_speeds(steps_m, length_m, step_s)

    node_span_s = np.full(waypoints, step_s)
    node_span_s[0] = step_s / 2
    turn_rad = np.diff(heading_rad, prepend=0.0)
    yaw_rate_radps = turn_rad / node_span_s
    longitudinal = np.diff(speed_mps, prepend=ego_state.speed_mps) / node_span_s
    speed_at_nodes = (speed_mps + np.concatenate(([ego_state.speed_mps], speed_mps[:-1]))) / 2
    lateral = speed_at_nodes * yaw_rate_radps
    chord_m = (length_m + np.concatenate((length_m[:1], length_m[:-1]))) / 2

    along, across = longitudinal.copy(), lateral.copy()
    along[0], across[0] = ego_state.acceleration_mps2, ego_state.speed_mps * ego_state.yaw_rate_radps
    return Kinematics(
        step_times_s=step_s * (np.arange(waypoints, dtype=np.float64) + 0.5),
        node_times_s=step_s * np.arange(waypoints, dtype=np.float64),
        speed_mps=speed_mps,
        heading_rad=heading_rad,
        longitudinal_acceleration_mps2=longitudinal,
        lateral_acceleration_mps2=lateral,
        yaw_rate_radps=yaw_rate_radps,
        curvature_1pm=_curvature(turn_rad, chord_m, speed_at_nodes),
        chord_m=chord_m,
        jerk_mps3=np.hypot(np.diff(along), np.diff(across)) / step_s,
    )


def _headings_and_speeds(
    steps_m: NDArray[np.float64], length_m: NDArray[np.float64], step_s: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Vehicle heading and signed speed of each step.

    A vehicle cannot turn by more than a quarter circle within a step, so a step that points backwards of the heading
    before it is driven in reverse. Where a step is too short for noise not to decide its direction, the heading turns
    towards it by no more than the vehicle can on that way.
    """
    headings, speeds = np.empty(len(steps_m)), np.empty(len(steps_m))
    heading = 0.0
    for index, ((x, y), length) in enumerate(zip(steps_m.tolist(), length_m.tolist(), strict=True)):
        along = x * math.cos(heading) + y * math.sin(heading)
        if length >= SHORTEST_HEADING_STEP_M:
            sign = 1.0 if along >= 0 else -1.0
            across = y * math.cos(heading) - x * math.sin(heading)
            most = TIGHTEST_CURVATURE_1PM * length if length < SHORTEST_CURVATURE_CHORD_M else math.pi
            heading += min(max(math.atan2(sign * across, sign * along), -most), most)
            along = sign * length
        headings[index], speeds[index] = heading, along / step_s
    return headings, speeds


def _curvature(
    turn_rad: NDArray[np.float64], chord_m: NDArray[np.float64], speed_mps: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Curvature of the circle whose chords of mean length `chord_m` turn by `turn_rad`: 2 sin(turn / 2) / chord.

    Between now and step 1 a tangent meets a chord, which turns by half as much. In reverse the path bends the other
    way than the vehicle turns along its travel; the sign is that of the steering.
    """
    half_turn_rad = turn_rad / 2
    half_turn_rad[0] = turn_rad[0]
    safe_chord_m = np.maximum(chord_m, 1e-9)
    moving = chord_m >= SHORTEST_HEADING_STEP_M
    return np.where(moving, np.copysign(2.0, speed_mps) * np.sin(half_turn_rad) / safe_chord_m, 0.0)
