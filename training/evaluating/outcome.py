"""What came of a case."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from training.evaluating.case import Case
from training.evaluating.metrics.failures import Failure


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds; None where not measured.

    Attributes:
        trajectory: From the scene's embedding to the judged trajectory, in the service.
        request: From the request to the whole answer without an explanation, at the client.
        explanation_start: From the trajectory to the first words of the explanation.
        perception: Encoding of the case's frame; once per frame.
    """

    trajectory: float | None = None
    request: float | None = None
    explanation_start: float | None = None
    perception: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """An answer, or why there is none.

    Attributes:
        trajectory_ego_m: float64 [T, 2], metres; None where the case failed.
        alone_ego_m: The proposal plus the whole offset that the model predicts: before caution, and before the
            verifier's choice. None where that is not known: a service does not tell it.
        scale_m: float64 [T], Laplace scales of the model's own trajectory.
        status: `corrected` or `kept_proposal`; `failed` without an answer; empty for controls without a verifier.
        explanation: None where none was asked for.
        draft: What the model wrote of it, before it was held to what was measured; None likewise.
        failure: None where there is an answer.
        detail: What was said of the failure.
    """

    trajectory_ego_m: NDArray[np.float64] | None
    alone_ego_m: NDArray[np.float64] | None = None
    scale_m: NDArray[np.float64] | None = None
    status: str = ""
    explanation: str | None = None
    draft: str | None = None
    failure: Failure | None = None
    detail: str = ""
    times: Times = Times()

    @classmethod
    def failed(cls, failure: Failure, detail: str) -> Self:
        """Without an answer."""
        return cls(None, status="failed", failure=failure, detail=detail)

    def driven_m(self, case: Case) -> NDArray[np.float64]:
        """What would be driven: the answer, or the input where there is none."""
        return case.proposal_ego_m if self.trajectory_ego_m is None else self.trajectory_ego_m
