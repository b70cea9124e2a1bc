"""The model or a control, with what came of every case."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from llm_service.explaining.checking import check
from training.evaluating.assessment import Assessment, TrueScene
from training.evaluating.case import Case
from training.evaluating.metrics.faithfulness import Faithfulness, faithfulness_of
from training.evaluating.outcome import Outcome
from waymend.trajectory import Horizon


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One row of the table.

    Attributes:
        outcomes: Of each case.
        after: Of what would be driven.
        alone: Of the model's own trajectory, before caution and verifier; None for a case where it is not known.
        faithfulness: Of each explanation; None where none was asked for.
        draft_faithfulness: Of what the model wrote, before it was held to what was measured.
    """

    outcomes: tuple[Outcome, ...]
    after: tuple[Assessment, ...]
    alone: tuple[Assessment | None, ...]
    faithfulness: tuple[Faithfulness | None, ...]
    draft_faithfulness: tuple[Faithfulness | None, ...]


class EntryMaker:
    """Assesses outcomes of one set of cases."""

    def __init__(self, cases: Sequence[Case], scenes: Mapping[str, TrueScene], horizon: Horizon) -> None:
        self._cases, self._scenes, self._horizon = cases, scenes, horizon

    def entry(self, outcomes: Sequence[Outcome]) -> Entry:
        """The outcomes of all cases, in their order."""
        pairs = list(zip(self._cases, outcomes, strict=True))
        return Entry(
            outcomes=tuple(outcomes),
            after=tuple(self.assess(case, outcome.driven_m(case)) for case, outcome in pairs),
            alone=tuple(self._alone(case, outcome) for case, outcome in pairs),
            faithfulness=tuple(_faithfulness(case, outcome, outcome.explanation) for case, outcome in pairs),
            draft_faithfulness=tuple(_faithfulness(case, outcome, outcome.draft) for case, outcome in pairs),
        )

    def of_trajectories(self, trajectories_ego_m: Sequence[NDArray[np.float64]]) -> Entry:
        """A control's trajectories of all cases."""
        return self.entry([Outcome(trajectory) for trajectory in trajectories_ego_m])

    def assess(self, case: Case, trajectory_ego_m: NDArray[np.float64]) -> Assessment:
        """A trajectory in a case's scene."""
        return self._scenes[case.sample_token].assess(trajectory_ego_m, self._horizon)

    def _alone(self, case: Case, outcome: Outcome) -> Assessment | None:
        return None if outcome.alone_ego_m is None else self.assess(case, outcome.alone_ego_m)


def _faithfulness(case: Case, outcome: Outcome, text: str | None) -> Faithfulness | None:
    if text is None:
        return None
    verdict = check(text, case.keyframe, case.proposal_ego_m, outcome.driven_m(case))
    return faithfulness_of(verdict)
