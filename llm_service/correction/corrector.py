"""The main path: received scene and proposal -> prompt -> one prefill -> verifier -> explanation."""

import asyncio
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from llm_service.correction.deciding import decide
from llm_service.correction.findings import findings_in_words
from llm_service.correction.received_scene import ReceivedScene
from llm_service.engine import GREEDY, CorrectionEngine, ExplanationPiece, Sampling
from llm_service.modeling.plan_features import plan_features
from llm_service.prompt import CorrectionPrompt, PromptBuilder
from llm_service.verifier import Course, Decision, Report, Verifier, VerifierLimits
from waymend.trajectory import EgoState, Horizon


@dataclass(frozen=True, slots=True, eq=False)
class CorrectionTask:
    """What a client asks for.

    Attributes:
        proposal_ego_m: float64 [T, 2], metres, ego frame.
        command: One of `waymend.vocabulary.COMMANDS`.
    """

    proposal_ego_m: NDArray[np.float64]
    ego_state: EgoState
    command: str
    instruction: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Correction:
    """A judged correction.

    Attributes:
        proposal, answer: Both trajectories as the vehicle would drive them.
        findings: What the verifier measured of it, as of `findings_in_words`.
        scale_m: float64 [T], Laplace scale of each corrected waypoint.
        stage_ms: Milliseconds of the stages `prompt`, `prefill` (the proposal is judged meanwhile) and `verifier`.
    """

    task: CorrectionTask
    decision: Decision
    proposal: Course
    answer: Course
    findings: str
    scale_m: NDArray[np.float64]
    prompt: CorrectionPrompt
    scene: ReceivedScene
    stage_ms: dict[str, float]


class Corrector:
    """Corrects proposals with one engine, one prompt template and one verifier.

    Args:
        engine: Runs the model.
        prompts: Of the model's tokenizer.
        verifier: Judges both trajectories.
        horizon: Of the model.
        caution: How much offsets are held back, see `certainty`.
    """

    def __init__(
        self,
        engine: CorrectionEngine,
        prompts: PromptBuilder,
        verifier: Verifier,
        horizon: Horizon,
        caution: float = 0.0,
    ) -> None:
        self._engine = engine
        self._prompts = prompts
        self._verifier = verifier
        self._horizon = horizon
        self._caution = caution

    async def correct(self, scene: ReceivedScene, task: CorrectionTask) -> Correction:
        """One prefill, then the verifier's choice between proposal and correction.

        Raises:
            InvalidField: The instruction is too long.
        """
        started = time.perf_counter()
        prompt = self.prompt(scene, task)
        prompted = time.perf_counter()
        sent = asyncio.Event()
        judging = asyncio.create_task(self._judge_proposal(sent, scene, task))
        try:
            prediction = await self._engine.predict(prompt, scene.uuid, sent)
            proposal_report = await judging
        finally:
            judging.cancel()
        predicted = time.perf_counter()
        decision = decide(
            self._verifier,
            task.proposal_ego_m,
            proposal_report,
            prediction.offset_ego_m,
            prediction.scale_m,
            caution=self._caution,
            step_s=self._horizon.step_s,
            ego_state=task.ego_state,
            scene=scene.prepared,
        )
        proposal, answer = (
            self._verifier.course(trajectory_ego_m, self._horizon.step_s, task.ego_state)
            for trajectory_ego_m in (task.proposal_ego_m, decision.trajectory_ego_m)
        )
        findings = findings_in_words(proposal, decision.proposal_report, answer, decision.answer_report)
        stage_ms = {
            "prompt": (prompted - started) * 1e3,
            "prefill": (predicted - prompted) * 1e3,
            "verifier": (time.perf_counter() - predicted) * 1e3,
        }
        return Correction(task, decision, proposal, answer, findings, prediction.scale_m, prompt, scene, stage_ms)

    def write(
        self, correction: Correction, max_tokens: int, sampling: Sampling = GREEDY
    ) -> AsyncGenerator[ExplanationPiece]:
        """What the model writes of a correction, in pieces of text."""
        prompt = self.explanation_prompt(correction)
        return self._engine.explain(prompt, correction.scene.uuid, max_tokens, sampling)

    def explanation_prompt(self, correction: Correction) -> CorrectionPrompt:
        """The prompt of the correction, the answer that was given, and what the verifier found."""
        task = correction.task
        return self._prompts.explanation(
            correction.prompt,
            proposal_ego_m=task.proposal_ego_m,
            ego_state=task.ego_state,
            command=task.command,
            trajectory_ego_m=correction.decision.trajectory_ego_m,
            findings=correction.findings,
        )

    def prompt(self, scene: ReceivedScene, task: CorrectionTask) -> CorrectionPrompt:
        """What the engine is asked; raises InvalidField where the instruction is too long."""
        plan = plan_features(task.proposal_ego_m, self._horizon.step_s, task.ego_state, task.command)
        return self._prompts.correction(scene.tokens, plan, task.instruction)

    @property
    def limits(self) -> VerifierLimits:
        """Those that trajectories are held to."""
        return self._verifier.limits

    async def _judge_proposal(self, sent: asyncio.Event, scene: ReceivedScene, task: CorrectionTask) -> Report:
        """Waits until the engine has its work, then uses the time that it takes."""
        await sent.wait()
        return self._verifier.judge(task.proposal_ego_m, self._horizon.step_s, task.ego_state, scene.prepared)
