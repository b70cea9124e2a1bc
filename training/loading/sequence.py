"""Token ids of an example: the serving prompt, its explanation prompt, the explanation, and further plans.

Further plans are branches: each goes on from the scene's tokens as if it were the only one, so that one reading of the
scene serves all of them.

    scene | plan <|traj|> words explanation     segment 1
          | plan <|traj|>                       segment 2
          | plan <|traj|>                       segment 3
"""

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
    """int64 [L] each.

    Attributes:
        input_ids: Of the vocabulary.
        labels: `NOT_A_LABEL` on all but the explanation.
        segments: 0 on the scene's tokens, which everything sees; then the number of the branch.
        positions: Of each token in its branch, the scene's tokens included.
    """

    input_ids: Tensor
    labels: Tensor
    segments: Tensor
    positions: Tensor


class SequenceBuilder:
    """Lays examples out as the service lays out its two requests.

    Args:
        tokenizer, config: Of the language model.
        cutoff_len: Longest sequence; the explanation is cut to fit.
        words: Whether the explanation and its prompt are there, which a stage without losses of words has no use for.
    """

    def __init__(
        self, tokenizer: PreTrainedTokenizerFast, config: TrajectoryLlamaConfig, cutoff_len: int, words: bool = True
    ) -> None:
        self._tokenizer = tokenizer
        self._config = config
        self._cutoff_len = cutoff_len
        self._words = words
        self._builders: dict[str, PromptBuilder] = {}

    def __call__(
        self, case: CorrectionCase, plan: NDArray[np.float32], token_counts: Mapping[str, int], further_plans: int = 0
    ) -> TokenSequence:
        """The sequence of a case.

        Args:
            case: Question and answer.
            plan: Plan features [1, plan_width(T)].
            token_counts: Scene tokens of each modality that the prompt has; others get no placeholders.
            further_plans: How many branches follow; they do not count for `cutoff_len`.

        Raises:
            InvalidField: The prompt alone is longer than `cutoff_len`, or the instruction is too long.
        """
        builder = self._builder(case.system_text)
        scene = {name: torch.empty(count, 0) for name, count in token_counts.items()}
        prompt = builder.correction(scene, plan, case.instruction)
        if self._words:
            prompt = builder.explanation(
                prompt,
                proposal_ego_m=case.proposal_ego_m,
                ego_state=case.ego_state,
                command=case.command,
                trajectory_ego_m=case.answer_ego_m,
                findings=case.findings,
            )
        prompt_ids = expand_placeholders(prompt, self._config)
        room = self._room_after(prompt_ids, case)
        reason_ids = builder.reason(case.reason)[:room] if self._words else []
        branch = builder.further_plan()
        scene_length = prompt_ids.index(branch[0])
        own_length = len(prompt_ids) + len(reason_ids) - scene_length
        lengths = torch.tensor([scene_length, own_length] + further_plans * [len(branch)])
        return TokenSequence(
            input_ids=torch.tensor(prompt_ids + reason_ids + further_plans * branch),
            labels=torch.tensor(
                [NOT_A_LABEL] * len(prompt_ids) + reason_ids + [NOT_A_LABEL] * (further_plans * len(branch))
            ),
            segments=torch.arange(len(lengths)).repeat_interleave(lengths),
            positions=torch.cat(
                [torch.arange(scene_length), *(scene_length + torch.arange(length) for length in lengths[1:].tolist())]
            ),
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
