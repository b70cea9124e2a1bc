"""What was measured of a correction, in words: the ground on which the explanation stands.

Language models of any size are poor at arithmetic on waypoints, and a verifier measures anyway.
"""

import numpy as np

from llm_service.verifier import Course, Report
from llm_service.verifier.checks import KINEMATICS
from llm_service.verifier.comparison import EXCESS_TOLERANCE
from llm_service.verifier.course import shifts_m
from llm_service.verifier.report import CheckResult

UNCHANGED_WITHIN_M = 0.3
"""A correction whose waypoints all lie this near to the proposal's is spoken of as no change."""
_NONE = "none"
_SHIFT_DECIMALS = 1


def findings_in_words(proposal: Course, proposal_report: Report, answer: Course, answer_report: Report) -> str:
    """Three lines: the change at the last waypoint, the failed checks that it mends, and those that are left.

        Change: 4.1 m shorter, 0.4 m left; end speed 7.2 m/s (26 km/h) to 5.1 m/s (18 km/h)
        Avoided: collision: touches moving car 3.5 m ahead after 1.0 s
        Remaining: none

    Args:
        proposal, answer: Both trajectories.
        proposal_report, answer_report: What `Verifier.judge` says of them.
    """
    avoided = [check for check in _worth_words(proposal_report) if answer_report[check.name].status == "passed"]
    lines = {
        "Change": _change(proposal, answer),
        "Avoided": _checks([] if unchanged(proposal, answer) else avoided),
        "Remaining": _checks(_worth_words(answer_report)),
    }
    return "\n".join(f"{name}: {words}" for name, words in lines.items())


def unchanged(proposal: Course, answer: Course) -> bool:
    """Whether no waypoint of the answer is farther than `UNCHANGED_WITHIN_M` from the proposal's."""
    return bool(np.hypot(*(answer.waypoints_ego_m - proposal.waypoints_ego_m).T).max() <= UNCHANGED_WITHIN_M)


def _change(proposal: Course, answer: Course) -> str:
    if unchanged(proposal, answer):
        return _NONE
    along_m, left_m = np.round(shifts_m(proposal, answer)[-1], _SHIFT_DECIMALS)
    shifts = []
    if along_m:
        shifts.append(f"{abs(along_m):.1f} m {'longer' if along_m > 0 else 'shorter'}")
    if left_m:
        shifts.append(f"{abs(left_m):.1f} m {'left' if left_m > 0 else 'right'}")
    speeds = " to ".join(map(_speed, (proposal.final_speed_mps, answer.final_speed_mps)))
    return f"{', '.join(shifts) or _NONE}; end speed {speeds}"


def _speed(speed_mps: float) -> str:
    return f"{speed_mps:.1f} m/s ({speed_mps * 3.6:.0f} km/h)"


def _worth_words(report: Report) -> list[CheckResult]:
    """Failed checks; of the kinematic ones those that are past their limit by more than rounding hides."""
    return [check for check in report.failed if check.name not in KINEMATICS or check.excess >= EXCESS_TOLERANCE]


def _checks(checks: list[CheckResult]) -> str:
    return "; ".join(f"{check.name}: {check.message}" for check in checks) or _NONE
