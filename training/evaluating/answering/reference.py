"""The model through transformers, in batches: for what needs its tokens, and to check the engine by."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.utils.rnn import pad_sequence

from llm_service.correction.deciding import decide
from llm_service.modeling.configuration import TrajectoryLlamaConfig
from llm_service.modeling.plan_features import plan_features
from llm_service.prompt import PromptBuilder, expand_placeholders
from llm_service.verifier import PreparedScene, Report, Verifier
from training.evaluating.answering.offline import is_finite
from training.evaluating.assessment import EGO, LIMITS
from training.evaluating.case import Case
from training.evaluating.metrics.failures import Failure
from training.evaluating.outcome import Outcome
from training.exporting.comparison import served_llm
from training.exporting.precision import serving_dtype
from training.serving.local_service import bundle_tokenizer
from waymend.bundle import Bundle
from waymend.errors import InvalidField
from waymend.trajectory import EgoState

_BATCH = 16


@dataclass(frozen=True, slots=True, eq=False)
class ModelInput:
    """What the model is given of a case: scene tokens [N, width] by modality, and the motion."""

    tokens: Mapping[str, torch.Tensor]
    ego_state: EgoState


class ReferenceModel:
    """A bundle's language model through transformers, with the verifier behind it as in the service.

    Args:
        bundle: Whose `llm/` is loaded.
        prepared: What the verifier is given, by sample token; raises InvalidField where that cannot be had.
    """

    def __init__(self, bundle: Bundle, prepared: Callable[[str], PreparedScene]) -> None:
        self._config = TrajectoryLlamaConfig.from_pretrained(bundle.llm_directory, local_files_only=True)
        dtype = serving_dtype(str(self._config.dtype).removeprefix("torch."), bundle.llm_directory)
        self._llm = served_llm(bundle.llm_directory, dtype)
        self._prompts = PromptBuilder(bundle_tokenizer(bundle), self._config)
        self._verifier = Verifier(LIMITS, EGO)
        self._prepared = prepared
        self._proposal_reports: dict[int, Report] = {}

    def answer(self, cases: Sequence[Case], given: Callable[[Case], ModelInput]) -> list[Outcome]:
        """What comes of the cases, in their order; a case whose input cannot be had fails.

        Args:
            cases: Of any samples.
            given: What the model is given of each; raises InvalidField where that cannot be had.
        """
        outcomes: dict[int, Outcome] = {}
        ready: list[tuple[int, ModelInput]] = []
        for index, case in enumerate(cases):
            try:
                ready.append((index, given(case)))
            except InvalidField as error:
                outcomes[index] = Outcome.failed(Failure.REFUSED, str(error))
            if len(ready) == _BATCH or index == len(cases) - 1:
                outcomes.update(self._answer_batch(cases, ready))
                ready = []
        return [outcomes[index] for index in range(len(cases))]

    def _answer_batch(self, cases: Sequence[Case], ready: Sequence[tuple[int, ModelInput]]) -> dict[int, Outcome]:
        if not ready:
            return {}
        predicted = self._predict([(cases[index], given) for index, given in ready])
        return {
            index: self._judged(cases[index], offset, scale)
            for (index, _), (offset, scale) in zip(ready, predicted, strict=True)
        }

    @torch.inference_mode()
    def _predict(self, asked: Sequence[tuple[Case, ModelInput]]) -> list[tuple[NDArray, NDArray]]:
        """Offset [T, 2] and scale [T] of each, metres."""
        prompts = [self._prompts.correction(given.tokens, self._plan(case, given), "") for case, given in asked]
        ids = [torch.tensor(expand_placeholders(prompt, self._config)) for prompt in prompts]
        names = dict.fromkeys(name for prompt in prompts for name in prompt.tokens)
        modalities = {name: [p.tokens[name] for p in prompts if name in p.tokens] for name in names}
        input_ids = pad_sequence(ids, batch_first=True, padding_value=self._config.pad_token_id or 0)
        lengths = torch.tensor([len(one) for one in ids])
        mask = (torch.arange(input_ids.shape[1]) < lengths[:, None]).long()
        offset_m, scale_m = self._llm.trajectory(input_ids, modalities, mask)
        return list(zip(offset_m.double().numpy(), scale_m.double().numpy(), strict=True))

    def _plan(self, case: Case, given: ModelInput) -> NDArray[np.float32]:
        return plan_features(case.proposal_ego_m, self._config.step_s, given.ego_state, case.keyframe.command)

    def _judged(self, case: Case, offset_m: NDArray[np.float64], scale_m: NDArray[np.float64]) -> Outcome:
        """As the service: the verifier knows the true scene and motion whatever the model was given."""
        scene, state, step_s = self._prepared(case.sample_token), case.keyframe.ego_state, self._config.step_s
        if id(case) not in self._proposal_reports:
            self._proposal_reports[id(case)] = self._verifier.judge(case.proposal_ego_m, step_s, state, scene)
        decision = decide(
            self._verifier,
            case.proposal_ego_m,
            self._proposal_reports[id(case)],
            offset_m,
            scale_m,
            caution=self._config.caution,
            step_s=step_s,
            ego_state=state,
            scene=scene,
        )
        if not is_finite(decision, scale_m):
            return Outcome.failed(Failure.NON_FINITE, decision.reason)
        return Outcome(
            trajectory_ego_m=decision.trajectory_ego_m,
            alone_ego_m=case.proposal_ego_m + offset_m,
            scale_m=scale_m,
            status=decision.status,
        )
