"""What was measured of a correction, in words: the ground on which the explanation stands.

Language models of any size are poor at arithmetic on waypoints, and a verifier measures anyway.
"""

import numpy as np
from numpy.typing import NDArray

from llm_service.verifier import Course, Report
from llm_service.verifier.checks import KINEMATICS
from llm_service.verifier.comparison import EXCESS_TOLERANCE
from llm_service.verifier.course import shifts_m
from llm_service.verifier.report import CheckResult, in_words

_UNCHANGED_WITHIN_M = 0.3
_NONE = "none"


def findings_in_words(proposal: Course, proposal_report: Report, answer: Course, answer_report: Report) -> str:
    """Three lines: the change at the last waypoint, the failed checks that it mends, and those that are left.

        Change: 4.1 m shorter, 0.4 m left; end speed 7.2 m/s (26 km/h) to 5.1 m/s (18 km/h)
        Avoided: collision: touches moving car 3.5 m ahead after 1.0 s
        Remaining: none

    Args:
        proposal, answer: Both trajectories.
        proposal_report, answer_report: What `Verifier.judge` says of them.
    """
    changed = not unchanged(proposal.waypoints_ego_m, answer.waypoints_ego_m)
    failed = _worth_words(proposal_report) if changed else []
    mended = [check for check in failed if answer_report[check.name].status == "passed"]
    lines = {
        "Change": _change(proposal, answer) if changed else _NONE,
        "Avoided": in_words(mended) or _NONE,
        "Remaining": in_words(_worth_words(answer_report)) or _NONE,
    }
    return "\n".join(f"{name}: {words}" for name, words in lines.items())


def unchanged(proposal_ego_m: NDArray[np.floating], answer_ego_m: NDArray[np.floating]) -> bool:
    """Whether no waypoint [T, 2] of the answer is farther than 0.3 m from the proposal's: not worth a word."""
    return bool(np.hypot(*(answer_ego_m - proposal_ego_m).T).max() <= _UNCHANGED_WITHIN_M)


def _change(proposal: Course, answer: Course) -> str:
    along_m, left_m = np.round(shifts_m(proposal, answer)[-1], 1)
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
