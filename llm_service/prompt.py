"""Prompts of the two requests: a correction (ends in `<|traj|>`) and the explanation that continues it.

The proposal and the ego motion reach the trajectory as plan features alone: exact, and a hundred tokens shorter than in
words. The words come after `<|traj|>`, where only the explanation reads them.

The template is fixed and ours; a client's instruction is one line of plain text inside it. Pieces are tokenised one by
one and joined as ids, so no text can grow together with its neighbours into a special token.
"""

import copy
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from transformers import PreTrainedTokenizerFast

from llm_service.modeling.configuration import TrajectoryLlamaConfig
from llm_service.modeling.special_tokens import MODALITIES, PLAN_MODALITY
from waymend.errors import InvalidField
from waymend.trajectory import EgoState

SYSTEM_TEXT = "You correct the planned trajectory of a car."
_USER_MARK = "\N{SYMBOL FOR SUBSTITUTE}"
_LONGEST_TOKEN_CHARACTERS = 32
"""An instruction of more characters than this per allowed token is refused before it is tokenised."""


@dataclass(frozen=True, slots=True, eq=False)
class CorrectionPrompt:
    """What the engine reads.

    Attributes:
        token_ids: One placeholder per modality; the engine repeats it once per embedding.
        tokens: Embeddings [N, width] of each modality that has a placeholder.
    """

    token_ids: list[int]
    tokens: dict[str, torch.Tensor]


class PromptBuilder:
    """Builds prompts for one tokenizer; the constant parts are tokenised once.

    Args:
        tokenizer, config: Of the model.
        max_instruction_tokens: Longest instruction.
        system_text: Serving has one; training data may ask for a style in it.
    """

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerFast,
        config: TrajectoryLlamaConfig,
        max_instruction_tokens: int = 128,
        system_text: str = SYSTEM_TEXT,
    ) -> None:
        self._plain = plain_text_tokenizer(tokenizer)
        self._space_before_reason = "" if _adds_space(self._plain) else " "
        self._end_id = tokenizer.eos_token_id
        self._reserved_ids = frozenset(tokenizer.get_added_vocab().values()) | set(tokenizer.all_special_ids)
        self._placeholders = dict(config.modality_token_ids)  # ty: ignore[no-matching-overload]
        self._trajectory_id = config.traj_token_id
        self._max_instruction_tokens = max_instruction_tokens
        before, after = _chat_frame(tokenizer, system_text)
        self._before = tokenizer.encode(before, add_special_tokens=False)
        self._after = tokenizer.encode(after, add_special_tokens=False)

    def correction(
        self, tokens: Mapping[str, torch.Tensor], plan: NDArray[np.float32], instruction: str
    ) -> CorrectionPrompt:
        """Scene embeddings, plan features, the instruction; `<|traj|>` last. Empty modalities are left out.

        Raises:
            InvalidField: The instruction is too long.
        """
        instruction_ids = self._instruction_ids(instruction)
        present = {name: values for name, values in tokens.items() if len(values)}
        present[PLAN_MODALITY] = torch.from_numpy(plan)
        ordered = {name: present[name] for name in MODALITIES if name in present}
        token_ids = [
            *self._before,
            *(self._placeholders[name] for name in ordered),
            *instruction_ids,
            *self._after,
            self._trajectory_id,
        ]
        return CorrectionPrompt(token_ids, ordered)  # ty: ignore[invalid-argument-type]

    def explanation(
        self,
        prompt: CorrectionPrompt,
        *,
        proposal_ego_m: NDArray[np.float64],
        ego_state: EgoState,
        command: str,
        trajectory_ego_m: NDArray[np.float64],
        findings: str,
    ) -> CorrectionPrompt:
        """The same ids, then what was asked, answered and found (`findings_in_words`) in words; the model says why."""
        question = question_text(proposal_ego_m, ego_state, command)
        words = f"{question}\nAnswer: {waypoint_text(trajectory_ego_m)}\n{findings}\nReason:"
        word_ids = self._plain.encode(words, add_special_tokens=False).ids
        return CorrectionPrompt(prompt.token_ids + word_ids, prompt.tokens)

    def further_plan(self) -> list[int]:
        """Ids of a plan without instruction, from its placeholder to `<|traj|>`: a branch behind the scene's tokens."""
        return [self._placeholders[PLAN_MODALITY], *self._after, self._trajectory_id]  # ty: ignore[invalid-explicit-return]

    def reason(self, text: str) -> list[int]:
        """Ids of what the model is to write after an explanation prompt: the text, then the end of the turn."""
        spaced = f"{self._space_before_reason}{text}"
        return [*self._plain.encode(spaced, add_special_tokens=False).ids, self._end_id]

    def _instruction_ids(self, instruction: str) -> list[int]:
        line = " ".join(instruction.split())
        if not line:
            return []
        limit = self._max_instruction_tokens
        expected = f"at most {limit} tokens"
        if len(line) > _LONGEST_TOKEN_CHARACTERS * limit:
            raise InvalidField("instruction", expected, f"{len(line)} characters")
        ids = self._plain.encode(line, add_special_tokens=False).ids
        if len(ids) > limit:
            raise InvalidField("instruction", expected, f"{len(ids)} tokens")
        if not self._reserved_ids.isdisjoint(ids):
            raise InvalidField("instruction", "text without special tokens", instruction)
        return self._plain.encode("\nInstruction: ", add_special_tokens=False).ids + ids


def plain_text_tokenizer(tokenizer: PreTrainedTokenizerFast) -> Tokenizer:
    """A copy that reads the text of a special token as text."""
    plain = copy.deepcopy(tokenizer.backend_tokenizer)
    plain.encode_special_tokens = True
    return plain


def question_text(proposal_ego_m: NDArray[np.float64], ego_state: EgoState, command: str) -> str:
    """What the plan features hold, in words."""
    return (
        f"Command: {command}\nSpeed {ego_state.speed_mps:.1f} m/s, acceleration {ego_state.acceleration_mps2:.1f}, "
        f"yaw rate {ego_state.yaw_rate_radps:.2f}\nProposal: {waypoint_text(proposal_ego_m)}"
    )


def waypoint_text(trajectory_ego_m: NDArray[np.float64]) -> str:
    """Waypoints in words, to a decimetre."""
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in np.round(trajectory_ego_m, 1) + 0.0)


def expand_placeholders(prompt: CorrectionPrompt, config: TrajectoryLlamaConfig) -> list[int]:
    """Ids with each placeholder repeated once per embedding, as the transformers model wants them."""
    counts = {config.modality_token_ids[name]: len(values) for name, values in prompt.tokens.items()}  # ty: ignore[not-subscriptable]
    return [token_id for token_id in prompt.token_ids for _ in range(counts.get(token_id, 1))]


def _adds_space(plain: Tokenizer) -> bool:
    """Whether the tokenizer itself sets a space before a text, as Llama 2's does."""
    return plain.encode("a", add_special_tokens=False).tokens[0] != "a"


def _chat_frame(tokenizer: PreTrainedTokenizerFast, system_text: str) -> tuple[str, str]:
    messages = [{"role": "system", "content": system_text}, {"role": "user", "content": _USER_MARK}]
    text = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    before, after = text.split(_USER_MARK)  # ty: ignore[missing-union-attribute]
    return before, after
