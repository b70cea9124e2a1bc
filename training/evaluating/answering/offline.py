"""Both halves of the bundle in this process, on the path that a served request takes."""

import time
from collections.abc import Collection, Sequence

import numpy as np

from llm_service.correction.corrector import Correction, CorrectionTask
from llm_service.verifier import Decision
from llm_service.verifier.checks import WAYPOINTS
from training.evaluating.answering.answerer import EXPLANATION_TOKENS
from training.evaluating.answering.sample_encoder import EncodedSample, SampleEncoder
from training.evaluating.case import Case
from training.evaluating.metrics.failures import Failure
from training.evaluating.outcome import Outcome, Times
from training.serving.local_service import LocalService
from waymend.errors import InvalidField


class OfflineAnswerer:
    """Answers from an engine in this process."""

    def __init__(self, service: LocalService, encoder: SampleEncoder) -> None:
        self._service, self._encoder = service, encoder

    def answer(self, cases: Sequence[Case], explained: Collection[int]) -> list[Outcome]:
        """As `CaseAnswerer`; raises EngineUnavailable where the engine has stopped."""
        try:
            encoded = self._encoder.encode(cases[0].sample_token)
        except InvalidField as error:
            return [Outcome.failed(Failure.REFUSED, str(error))] * len(cases)
        return [self._answer(case, encoded, index == 0, index in explained) for index, case in enumerate(cases)]

    def _answer(self, case: Case, encoded: EncodedSample, first: bool, explain: bool) -> Outcome:
        keyframe = case.keyframe
        task = CorrectionTask(case.proposal_ego_m, keyframe.ego_state, keyframe.command)
        try:
            correction = self._service.correct(encoded.received, task)
        except InvalidField as error:
            return Outcome.failed(Failure.REFUSED, str(error))
        if not is_finite(correction.decision, correction.scale_m):
            return Outcome.failed(Failure.NON_FINITE, correction.decision.reason)
        decision = correction.decision
        explanation, draft, start_ms = self._explain(correction) if explain else (None, None, None)
        return Outcome(
            trajectory_ego_m=decision.trajectory_ego_m,
            scale_m=correction.scale_m,
            status=decision.status,
            explanation=explanation,
            draft=draft,
            times=Times(
                trajectory=sum(correction.stage_ms.values()),
                explanation_start=start_ms,
                perception=encoded.perception_ms if first else None,
            ),
        )

    def _explain(self, correction: Correction) -> tuple[str, str, float | None]:
        """The text, what the model wrote of it, and milliseconds to the first words."""
        started_s, start_ms, text, draft = time.perf_counter(), None, "", ""
        for piece in self._service.explain(correction, EXPLANATION_TOKENS):
            if piece.text and start_ms is None:
                start_ms = (time.perf_counter() - started_s) * 1e3
            text += piece.text
            draft += piece.draft
        return text.strip(), draft.strip(), start_ms


def is_finite(decision: Decision, scale_m: np.ndarray) -> bool:
    """Whether the model's own trajectory and scales are finite and near; else it has not answered."""
    return decision.correction_report[WAYPOINTS].status == "passed" and bool(np.isfinite(scale_m).all())
