"""When a correction is worse than the proposal that it would replace."""

from collections.abc import Callable

from llm_service.verifier.checks import COLLISION, DRIVABLE_AREA, KINEMATICS, WAYPOINTS
from llm_service.verifier.report import CheckResult, Report, in_words

CONTACT_TOLERANCE_S = 0.1
"""Two contacts this close in time count as the same."""
OFF_ROAD_TOLERANCE_M = 0.1
"""Two excursions this close in depth count as the same."""
EXCESS_TOLERANCE = 0.05
"""Two sums of relative excess this close count as the same."""


def why_worse(correction: Report, proposal: Report) -> str | None:
    """Why the correction is worse than the proposal, or None where it is not.

    The first of these on which they differ decides, so that a correction may brake hard to avoid a collision:

    1. Waypoints: one that is not finite or absurdly far is worse.
    2. Collision: a contact is worse than none; of two, the earlier by more than `CONTACT_TOLERANCE_S`.
    3. Drivable area: leaving it is worse than staying; of two, the deeper by more than `OFF_ROAD_TOLERANCE_M`.
    4. Kinematics: a failed check is worse than none; of two, the larger sum over the failed checks of the share by
       which each is past its limit, by more than `EXCESS_TOLERANCE`. The sum weighs number and severity together.

    A check that could not be made counts as passed; it is the same for both, because the scene is the same.
    """
    for worse_by in (_by_waypoints, _by_collision, _by_drivable_area, _by_kinematics):
        order, reason = worse_by(correction, proposal)
        if order:
            return reason if order > 0 else None
    return None


_Order = tuple[int, str]
"""1 where the correction is worse, -1 where it is better, 0 where they are alike; and the reason if worse."""


def _by_waypoints(correction: Report, proposal: Report) -> _Order:
    return _by_failure(WAYPOINTS, correction, proposal, lambda: 0)


def _by_collision(correction: Report, proposal: Report) -> _Order:
    def earlier() -> int:
        gained_s = (correction[COLLISION].time_s or 0.0) - (proposal[COLLISION].time_s or 0.0)
        return _beyond(-gained_s, CONTACT_TOLERANCE_S)

    return _by_failure(COLLISION, correction, proposal, earlier)


def _by_drivable_area(correction: Report, proposal: Report) -> _Order:
    def deeper() -> int:
        added_m = (correction[DRIVABLE_AREA].value or 0.0) - (proposal[DRIVABLE_AREA].value or 0.0)
        return _beyond(added_m, OFF_ROAD_TOLERANCE_M)

    return _by_failure(DRIVABLE_AREA, correction, proposal, deeper)


def _by_kinematics(correction: Report, proposal: Report) -> _Order:
    failed, failed_before = _failed_kinematics(correction), _failed_kinematics(proposal)
    if failed and failed_before:
        added = sum(check.excess for check in failed) - sum(check.excess for check in failed_before)
        order = _beyond(added, EXCESS_TOLERANCE)
    else:
        order = bool(failed) - bool(failed_before)
    return order, in_words(failed)


def _failed_kinematics(report: Report) -> list[CheckResult]:
    return [check for check in report.failed if check.name in KINEMATICS]


def _by_failure(name: str, correction: Report, proposal: Report, both_failed: Callable[[], int]) -> _Order:
    fails = correction[name].status == "failed", proposal[name].status == "failed"
    order = both_failed() if all(fails) else fails[0] - fails[1]
    return order, f"{name}: {correction[name].message}"


def _beyond(difference: float, tolerance: float) -> int:
    return 0 if abs(difference) <= tolerance + 1e-9 else (1 if difference > 0 else -1)
