"""The checks of one trajectory, each a measurement held against a limit."""

import numpy as np
from numpy.typing import NDArray

from llm_service.verifier.collision import contacts_of
from llm_service.verifier.drivable_area import excursion_of
from llm_service.verifier.kinematics import Kinematics
from llm_service.verifier.limits import VerifierLimits
from llm_service.verifier.mention import mention_in_words, mention_of
from llm_service.verifier.path import EgoPath
from llm_service.verifier.report import CheckResult
from llm_service.verifier.scene import PreparedScene
from waymend.agents import AgentBox
from waymend.trajectory import FARTHEST_WAYPOINT_M

WAYPOINTS = "waypoints"
COLLISION = "collision"
DRIVABLE_AREA = "drivable_area"
KINEMATICS = (
    "speed",
    "longitudinal_acceleration",
    "lateral_acceleration",
    "jerk",
    "yaw_rate",
    "curvature",
)
ALL_CHECKS = (WAYPOINTS, COLLISION, DRIVABLE_AREA, *KINEMATICS)


def check_waypoints(trajectory_ego_m: NDArray[np.float64]) -> CheckResult:
    """Whether the waypoints are finite and no farther than `FARTHEST_WAYPOINT_M`."""
    if not np.isfinite(trajectory_ego_m).all():
        return CheckResult(WAYPOINTS, "failed", message="a waypoint is not a finite number")
    farthest_m = float(np.abs(trajectory_ego_m).max())
    status = "passed" if farthest_m <= FARTHEST_WAYPOINT_M else "failed"
    message = f"the largest coordinate is {farthest_m:.3g} m"
    return CheckResult(WAYPOINTS, status, farthest_m, FARTHEST_WAYPOINT_M, "m", message=message)


def check_collision(path: EgoPath, scene: PreparedScene) -> CheckResult:
    """Which agents the vehicle touches; `value` counts them, `subject` and `time_s` tell of the first."""
    if scene.forecast is None:
        return CheckResult(COLLISION, "not_checked", message="the agents are unknown")
    contacts = contacts_of(path, scene.forecast)
    if not contacts:
        return CheckResult(COLLISION, "passed", 0.0, 0.0, "agents", message="no agent is touched")
    first = contacts[0]
    subject = first.agent.track_id or first.agent.object_class
    message = f"touches {_who(first.agent, path)} after {first.time_s:.1f} s"
    return CheckResult(COLLISION, "failed", float(len(contacts)), 0.0, "agents", first.time_s, subject, message)


def check_drivable_area(path: EgoPath, scene: PreparedScene, limits: VerifierLimits) -> CheckResult:
    """How far the vehicle reaches past the drivable area, see `excursion_of`."""
    if scene.region is None:
        return CheckResult(DRIVABLE_AREA, "not_checked", message="no drivable area is given")
    worst = excursion_of(path, scene.region)
    status = "passed" if worst.outside_m <= limits.max_off_road_m else "failed"
    message = f"{worst.outside_m:.2f} m outside after {worst.time_s:.1f} s" if worst.outside_m > 0 else "stays inside"
    time_s = worst.time_s if worst.outside_m > 0 else None
    return CheckResult(DRIVABLE_AREA, status, worst.outside_m, limits.max_off_road_m, "m", time_s, message=message)


def check_kinematics(motion: Kinematics, limits: VerifierLimits) -> tuple[CheckResult, ...]:
    """The checks of `KINEMATICS`, in that order."""
    nodes_s = motion.node_times_s
    moving = motion.chord_m >= limits.min_curvature_chord_m
    yaw_rate, curvature = np.where(moving, motion.yaw_rate_radps, 0.0), np.where(moving, motion.curvature_1pm, 0.0)
    slowest, fastest = limits.min_longitudinal_acceleration_mps2, limits.max_longitudinal_acceleration_mps2
    return (
        _both("speed", motion.speed_mps, motion.step_times_s, limits.max_speed_mps, "m/s"),
        _within("longitudinal_acceleration", motion.longitudinal_acceleration_mps2, nodes_s, slowest, fastest, "m/s^2"),
        _both(
            "lateral_acceleration",
            motion.lateral_acceleration_mps2,
            nodes_s,
            limits.max_lateral_acceleration_mps2,
            "m/s^2",
        ),
        _both("jerk", motion.jerk_mps3, nodes_s[1:], limits.max_jerk_mps3, "m/s^3"),
        _both("yaw_rate", yaw_rate, nodes_s, limits.max_yaw_rate_radps, "rad/s"),
        _both("curvature", curvature, nodes_s, limits.max_curvature_1pm, "1/m"),
    )


def _who(agent: AgentBox, path: EgoPath) -> str:
    """An agent and where it is now, from the vehicle's box at the start of its path."""
    vehicle_x_m = path.corners_ego_m[0, :, 0]
    mention = mention_of(agent, vehicle_x_m.min(), vehicle_x_m.max())
    return agent.object_class.replace("_", " ") if mention is None else mention_in_words(mention)


def not_checked(name: str, message: str) -> CheckResult:
    return CheckResult(name, "not_checked", message=message)


def _both(name: str, values: NDArray[np.float64], times_s: NDArray[np.float64], limit: float, unit: str) -> CheckResult:
    return _within(name, values, times_s, -limit, limit, unit)


def _within(
    name: str, values: NDArray[np.float64], times_s: NDArray[np.float64], low: float, high: float, unit: str
) -> CheckResult:
    """The value nearest to or farthest past its limit, for limits low < 0 < high."""
    if not len(values):
        return not_checked(name, "the trajectory has too few waypoints")
    worst = int(np.where(values < 0, values / low, values / high).argmax())
    value = float(values[worst])
    limit = low if value < 0 else high
    status = "passed" if low <= value <= high else "failed"
    message = f"{value:.2f} {unit} after {times_s[worst]:.2f} s, limit {limit:.2f} {unit}"
    return CheckResult(name, status, value, limit, unit, float(times_s[worst]), message=message)
