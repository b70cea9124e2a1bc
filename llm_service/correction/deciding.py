"""From what the model predicts to what is answered."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from llm_service.correction.certainty import UNSURE, cautious
from llm_service.verifier import Decision, PreparedScene, Report, Verifier
from waymend.trajectory import EgoState


class Decided(NamedTuple):
    """A decision, and the correction [T, 2] that it was about, metres in the ego frame."""

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
    """Holds the offset back where the proposal passes every check, then lets the verifier choose.

    Args:
        verifier: Judges the correction.
        proposal_ego_m: The planner's trajectory [T, 2].
        proposal: What `verifier.judge` says of it.
        offset_m, scale_m: Of the model, [T, 2] and [T].
        caution: As of `cautious`; a proposal that fails a check has nothing to lose, and meets none.
        step_s, ego_state, scene: As for `Verifier.judge`.
    """
    held_back = caution if proposal.safe else 0.0
    offset_m = cautious(offset_m, scale_m, held_back)
    correction_ego_m = proposal_ego_m + offset_m
    decision = verifier.choose(proposal_ego_m, proposal, correction_ego_m, step_s, ego_state, scene)
    if held_back and not offset_m.any():
        decision = decision.kept(proposal_ego_m, UNSURE)
    return Decided(decision, correction_ego_m)
