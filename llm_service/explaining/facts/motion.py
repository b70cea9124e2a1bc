"""What is so of the motion: speeds, limits, what the vehicle does, and what is sound with the proposal."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from llm_service.explaining.claims import (
    Claim,
    EgoSpeed,
    KeepsMotion,
    LimitExceeded,
    Motion,
    Quantity,
    Reverses,
    Route,
    Sound,
    StandsStill,
    VehicleMotion,
)
from llm_service.explaining.situation import Situation
from llm_service.modeling.plan_features import constant_turn_rate_and_acceleration
from llm_service.verifier import Course, VerifierLimits
from llm_service.verifier.checks import check_collision, check_drivable_area, check_kinematics
from llm_service.verifier.report import CheckResult

_SLOW_MPS = 0.5
_FASTER_BY_MPS = 1.0
_DRIVES_ON_M = 2.0
_TURNS_FROM_RAD = np.radians(15.0)
_STRAIGHT_WITHIN_RAD = np.radians(5.0)
_TURNING_WAY_M = 3.0
_NEARER_BY_M = 0.3
_SMALLEST_EXCESS = 0.05

_QUANTITIES: dict[str, tuple[Quantity, Quantity]] = {
    "speed": ("speed", "speed"),
    "lateral_acceleration": ("lateral acceleration", "lateral acceleration"),
    "longitudinal_acceleration": ("braking", "acceleration"),
    "curvature": ("curvature", "curvature"),
    "yaw_rate": ("yaw rate", "yaw rate"),
    "jerk": ("jerk", "jerk"),
}
"""Names of a check's negative and positive values, the gravest check first."""


def exceeded_limits(situation: Situation) -> Iterator[LimitExceeded]:
    """Checks that the correction passes and the proposal fails by 5 % or more, which rounding does not hide."""
    planned = _kinematic_checks(situation.proposal, situation.limits)
    corrected = _kinematic_checks(situation.correction, situation.limits)
    for name, (negative, positive) in _QUANTITIES.items():
        check = planned[name]
        fails = check.excess >= _SMALLEST_EXCESS and corrected[name].status == "passed"
        if fails and check.value is not None and check.limit is not None:
            quantity = negative if check.value < 0 else positive
            yield LimitExceeded(quantity, abs(check.value), check.unit, abs(check.limit))


def odd_motions(situation: Situation) -> Iterator[Reverses | StandsStill]:
    """The proposal reverses or stands where the correction drives on."""
    proposal, correction = situation.proposal, situation.correction
    if proposal.motion.speed_mps.min() < -_SLOW_MPS and correction.motion.speed_mps.min() >= -_SLOW_MPS:
        yield Reverses()
    if proposal.stands and correction.way_m >= _DRIVES_ON_M:
        yield StandsStill()


def kept_motion(situation: Situation) -> Iterator[KeepsMotion]:
    """The correction is nearer to CTRA by at least 0.3 m, root mean square over the waypoints."""
    carried_on_m = constant_turn_rate_and_acceleration(situation.moment.ego_state, situation.proposal.times_s)
    planned_m, corrected_m = (
        float(np.sqrt(((course.waypoints_ego_m - carried_on_m) ** 2).sum(axis=1).mean()))
        for course in (situation.proposal, situation.correction)
    )
    if corrected_m <= planned_m - _NEARER_BY_M:
        yield KeepsMotion()


def contexts(situation: Situation) -> Iterator[Claim]:
    """The route, the speed now, and what the vehicle does along the correction."""
    yield Route(situation.moment.command)
    now_mps = situation.moment.ego_state.speed_mps
    if now_mps >= 0:
        yield EgoSpeed(now_mps)
    kinds = (_pace(situation.correction, now_mps), _turn(situation.correction))
    yield from (Motion(kind) for kind in kinds if kind is not None)


def soundness(situation: Situation) -> Iterator[Sound]:
    """Checks that the proposal passes; one that could not be made is not passed."""
    contact, road, *limits = _proposal_checks(situation)
    if contact.status == "passed":
        yield Sound("contact")
    if road.status == "passed":
        yield Sound("road")
    if all(check.status == "passed" for check in limits):
        yield Sound("limits")


def fails_a_check(situation: Situation) -> bool:
    """Whether the proposal fails a check; one that could not be made is not failed."""
    return any(check.status == "failed" for check in _proposal_checks(situation))


def turn_of(course: Course) -> float:
    """Change of heading over the trajectory, radians, positive to the left; 0 where it hardly moves."""
    return float(course.motion.heading_rad[-1]) if course.way_m >= _TURNING_WAY_M else 0.0


def turns(course: Course) -> bool:
    """Whether it turns by 15 degrees or more."""
    return abs(turn_of(course)) >= _TURNS_FROM_RAD


def _pace(course: Course, now_mps: float) -> VehicleMotion | None:
    speeds_mps, final_mps = course.motion.speed_mps, course.final_speed_mps
    if course.stands and abs(now_mps) < _SLOW_MPS:
        return "stands"
    if final_mps < -_SLOW_MPS:
        return "reverses"
    if speeds_mps.min() < -_SLOW_MPS or now_mps < -_SLOW_MPS:
        return None
    if final_mps < _SLOW_MPS:
        return "stops" if now_mps >= _FASTER_BY_MPS else None
    if now_mps < _SLOW_MPS:
        return "starts" if final_mps >= _FASTER_BY_MPS else None
    if abs(final_mps - now_mps) < _FASTER_BY_MPS / 2:
        return "keeps its speed" if _steady(speeds_mps, now_mps) else None
    if abs(final_mps - now_mps) < _FASTER_BY_MPS:
        return None
    return "speeds up" if final_mps > now_mps else "slows down"


def _steady(speeds_mps: NDArray[np.float64], now_mps: float) -> bool:
    return float(np.abs(speeds_mps - now_mps).max()) < _FASTER_BY_MPS


def _turn(course: Course) -> VehicleMotion | None:
    if course.way_m < _TURNING_WAY_M:
        return None
    if turns(course):
        return "turns left" if turn_of(course) > 0 else "turns right"
    straight = float(np.abs(course.motion.heading_rad).max()) < _STRAIGHT_WITHIN_RAD
    return "goes straight" if straight else None


def _proposal_checks(situation: Situation) -> tuple[CheckResult, ...]:
    """Contact, road, then the limits of motion."""
    path = situation.proposal.path
    return (
        check_collision(path, situation.scene),
        check_drivable_area(path, situation.scene, situation.limits),
        *_kinematic_checks(situation.proposal, situation.limits).values(),
    )


def _kinematic_checks(course: Course, limits: VerifierLimits) -> dict[str, CheckResult]:
    return {check.name: check for check in check_kinematics(course.motion, limits)}
