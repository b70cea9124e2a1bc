"""Results without a model: outcomes by hand on real key frames."""

from dataclasses import dataclass

import numpy as np

from training.data.samples.keyframe import Keyframe
from training.evaluating.agent_futures import AgentFutures
from training.evaluating.assessment import TrueScene
from training.evaluating.case import Case
from training.evaluating.entry import EntryMaker
from training.evaluating.outcome import Outcome
from training.evaluating.tree import Results
from waymend.trajectory import Horizon

HORIZON = Horizon()
CLEAR = AgentFutures(np.empty((6, 0, 5)), np.ones(6, bool))


@dataclass(frozen=True)
class Bench:
    """Cases whose proposals lie to the left of the truth by so many metres, and what assesses them."""

    cases: tuple[Case, ...]
    maker: EntryMaker

    @classmethod
    def of(cls, keyframe: Keyframe, left_m: dict[str, float], futures: AgentFutures = CLEAR) -> "Bench":
        cases = tuple(
            Case(keyframe, "test", kind, keyframe.future_ego_m + np.array([0.0, aside]))
            for kind, aside in left_m.items()
        )
        scene = TrueScene(keyframe, futures, None)
        return cls(cases, EntryMaker(cases, {keyframe.sample_token: scene}, HORIZON))

    def aside(self, left_m: float) -> Outcome:
        """An answer that lies so far to the left of the truth."""
        return Outcome(self.cases[0].truth_ego_m + np.array([0.0, left_m]), status="corrected")

    def results(self, model: list[Outcome], **controls: list[Outcome]) -> Results:
        return Results(
            horizon=HORIZON,
            cases=self.cases,
            before=tuple(self.maker.assess(case, case.proposal_ego_m) for case in self.cases),
            truth=tuple(self.maker.assess(case, case.truth_ego_m) for case in self.cases),
            model=self.maker.entry(model),
            controls={name: self.maker.entry(outcomes) for name, outcomes in controls.items()},
            absent={"ego_status_mlp": "no training split"},
        )
