"""What a picture shows of an answer."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Check = tuple[str, str, str]
"""Name, status (`passed`, `failed` or `not_checked`) and message of a check."""


@dataclass(frozen=True, slots=True, eq=False)
class CorrectionView:
    """An answer as a person reads it.

    Attributes:
        proposal_ego_m, correction_ego_m: [T, 2], metres, ego frame.
        scale_m: Uncertainty of each corrected waypoint [T], metres.
        status: `corrected` or `kept_proposal`.
        proposal_checks, correction_checks: In the same order for both.
        explanation: The model's sentence, or empty.
        model_label: Name of the model, and whether it is trained.
    """

    proposal_ego_m: NDArray[np.float64]
    correction_ego_m: NDArray[np.float64]
    scale_m: NDArray[np.float64]
    status: str
    proposal_checks: Sequence[Check]
    correction_checks: Sequence[Check]
    explanation: str
    model_label: str
