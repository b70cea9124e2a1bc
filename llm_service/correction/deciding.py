"""From what the model predicts to what is answered."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from llm_service.correction.certainty import UNSURE, cautious
from llm_service.verifier import Decision, PreparedScene, Report, Verifier
from llm_service.verifier.checks import KINEMATICS
from waymend.trajectory import EgoState

_SHARES = (0.75, 0.5, 0.25)
"""Of a correction that is refused as a whole, tried in turn."""


class Decided(NamedTuple):
    """A decision, and the whole correction [T, 2] that it was about, metres in the ego frame."""

    decision: Decision
    correction_ego_m: NDArray[np.float64]


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
) -> Decided:
    """Holds the offset back as far as the proposal is worth keeping, then takes as much as the verifier lets pass.

    A correction that is right in the main and breaks a limit by a little is worth most of itself: the largest share
    that is no worse than the proposal is answered (a backtracking line search), the proposal where there is none.

    Args:
        verifier: Judges the correction.
        proposal_ego_m: The planner's trajectory [T, 2].
        proposal: What `verifier.judge` says of it.
        offset_m, scale_m: Of the model, [T, 2] and [T].
        caution: As of `cautious`, for a proposal that passes every check.
        step_s, ego_state, scene: As for `Verifier.judge`.
    """
    offset_m = cautious(offset_m, scale_m, caution * _worth_keeping(proposal))
    correction_ego_m = proposal_ego_m + offset_m
    whole = verifier.choose(proposal_ego_m, proposal, correction_ego_m, step_s, ego_state, scene)
    if not offset_m.any():
        return Decided(whole.kept(proposal_ego_m, UNSURE), correction_ego_m)
    if whole.status == "corrected":
        return Decided(whole, correction_ego_m)
    for share in _SHARES:
        part_ego_m = proposal_ego_m + share * offset_m
        part = verifier.choose(proposal_ego_m, proposal, part_ego_m, step_s, ego_state, scene)
        if part.status == "corrected":
            reason = f"{share:.0%} of the correction, for {whole.reason}"
            return Decided(replace(part, share=share, reason=reason), correction_ego_m)
    return Decided(whole, correction_ego_m)


def _worth_keeping(proposal: Report) -> float:
    """1 where it passes every check, half where it breaks limits of motion alone; 0 where it touches someone or leaves
    the road: it has nothing to lose.
    """
    if proposal.safe:
        return 1.0
    return 0.5 if all(check.name in KINEMATICS for check in proposal.failed) else 0.0
