"""From what the model predicts to what is answered."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from llm_service.correction.certainty import UNSURE, cautious
from llm_service.verifier import Decision, PreparedScene, Report, Verifier
from llm_service.verifier.checks import COLLISION, DRIVABLE_AREA, KINEMATICS
from llm_service.verifier.report import in_words
from waymend.trajectory import EgoState

_SHARES = (0.75, 0.5, 0.25)
"""Of a correction that is refused or not safe as a whole, tried in turn."""
_HARMFUL = (COLLISION, DRIVABLE_AREA)


def decide(
    verifier: Verifier,
    proposal_ego_m: NDArray[np.float64],
    proposal: Report,
    offset_m: NDArray[np.floating],
    scale_m: NDArray[np.floating],
    *,
    caution: float,
    step_s: float,
    ego_state: EgoState,
    scene: PreparedScene,
) -> Decision:
    """Holds the offset back as far as the proposal is worth keeping, then takes as much as the verifier lets pass.

    A correction that is right in the main and goes a little too far is worth most of itself. Answered is the largest
    share that touches nobody, stays on the road and is no worse than the proposal (a backtracking line search); where
    there is none, the largest that is no worse, and the proposal where there is none of these either.

    Args:
        verifier: Judges the correction.
        proposal_ego_m: The planner's trajectory [T, 2].
        proposal: What `verifier.judge` says of it.
        offset_m, scale_m: Of the model, [T, 2] and [T].
        caution: As of `cautious`, for a proposal that passes every check.
        step_s, ego_state, scene: As for `Verifier.judge`.
    """
    offset_m = cautious(offset_m, scale_m, caution * _worth_keeping(proposal))
    whole = verifier.choose(proposal_ego_m, proposal, proposal_ego_m + offset_m, step_s, ego_state, scene)
    if not offset_m.any():
        return whole.kept(proposal_ego_m, UNSURE)
    no_worse = [whole] if whole.status == "corrected" else []
    if no_worse and not _harms(whole):
        return whole
    for share in _SHARES:
        part_ego_m = proposal_ego_m + share * offset_m
        part = verifier.choose(proposal_ego_m, proposal, part_ego_m, step_s, ego_state, scene)
        if part.status == "corrected":
            no_worse.append(replace(part, share=share, reason=f"{share:.0%} of the correction, for {_why_less(whole)}"))
            if not _harms(part):
                return no_worse[-1]
    return no_worse[0] if no_worse else whole


def _harms(decision: Decision) -> bool:
    return any(check.name in _HARMFUL for check in decision.correction_report.failed)


def _why_less(whole: Decision) -> str:
    if whole.status != "corrected":
        return whole.reason
    return f"the whole is not safe: {in_words(whole.correction_report.failed)}"


def _worth_keeping(proposal: Report) -> float:
    """1 where it passes every check, half where it breaks limits of motion alone; 0 where it touches someone or leaves
    the road: it has nothing to lose.
    """
    if proposal.safe:
        return 1.0
    return 0.5 if all(check.name in KINEMATICS for check in proposal.failed) else 0.0
