"""Token ids of an example: the serving prompt, its explanation prompt, and the explanation."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers import PreTrainedTokenizerFast

from llm_service.modeling.configuration import TrajectoryLlamaConfig
from llm_service.prompt import PromptBuilder, expand_placeholders
from training.loading.correction_case import CorrectionCase
from waymend.errors import InvalidField

NOT_A_LABEL = -100
"""What torch's cross entropy ignores."""


@dataclass(frozen=True, slots=True)
class TokenSequence:
    """int64 [L] each: ids, and labels, which are `NOT_A_LABEL` before the explanation."""

    input_ids: Tensor
    labels: Tensor


class SequenceBuilder:
    """Lays examples out as the service lays out its two requests.

    Args:
        tokenizer, config: Of the language model.
        cutoff_len: Longest sequence; the explanation is cut to fit.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerFast, config: TrajectoryLlamaConfig, cutoff_len: int) -> None:
        self._tokenizer = tokenizer
        self._config = config
        self._cutoff_len = cutoff_len
        self._builders: dict[str, PromptBuilder] = {}

    def __call__(
        self, case: CorrectionCase, plan: NDArray[np.float32], token_counts: Mapping[str, int]
    ) -> TokenSequence:
        """The sequence of a case.

        Args:
            case: Question and answer.
            plan: Plan features [T + 1, PLAN_WIDTH].
            token_counts: Scene tokens of each modality that the prompt has; others get no placeholders.

        Raises:
            InvalidField: The prompt alone is longer than `cutoff_len`, or the instruction is too long.
        """
        builder = self._builder(case.system_text)
        scene = {name: torch.empty(count, 0) for name, count in token_counts.items()}
        prompt = builder.explanation(
            builder.correction(scene, plan, case.instruction),
            proposal_ego_m=case.proposal_ego_m,
            ego_state=case.ego_state,
            command=case.command,
            trajectory_ego_m=case.answer_ego_m,
            status=case.status,
        )
        prompt_ids = expand_placeholders(prompt, self._config)
        reason_ids = builder.reason(case.reason)[: self._room_after(prompt_ids, case)]
        return TokenSequence(
            input_ids=torch.tensor(prompt_ids + reason_ids),
            labels=torch.tensor([NOT_A_LABEL] * len(prompt_ids) + reason_ids),
        )

    def _builder(self, system_text: str) -> PromptBuilder:
        if system_text not in self._builders:
            self._builders[system_text] = PromptBuilder(self._tokenizer, self._config, system_text=system_text)
        return self._builders[system_text]

    def _room_after(self, prompt_ids: list[int], case: CorrectionCase) -> int:
        if len(prompt_ids) > self._cutoff_len:
            expected = f"at least {len(prompt_ids)}, the tokens of the prompt about sample {case.sample_token}"
            raise InvalidField("cutoff_len", expected, self._cutoff_len)
        return self._cutoff_len - len(prompt_ids)
