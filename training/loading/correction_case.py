"""One conversation row as what is asked and what would be the right answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from llm_service.correction.findings import unchanged
from llm_service.modeling.special_tokens import MODALITIES, placeholder_token
from waymend.errors import InvalidField
from waymend.trajectory import EgoState

_PLACEHOLDERS = "".join(map(placeholder_token, MODALITIES))
_INSTRUCTION = "\nInstruction: "


@dataclass(frozen=True, slots=True, eq=False)
class CorrectionCase:
    """A proposal in its scene, and the truth.

    Attributes:
        sample_token: Names the key frame.
        proposal_ego_m, truth_ego_m: float64 [T, 2], metres, ego frame.
        ego_state, command: As a client gives them.
        system_text: Of the conversation.
        instruction: May be empty.
        findings: What the verifier found, in words.
        reason: What the model is to say.
    """

    sample_token: str
    proposal_ego_m: NDArray[np.float64]
    truth_ego_m: NDArray[np.float64]
    ego_state: EgoState
    command: str
    system_text: str
    instruction: str
    findings: str
    reason: str

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> Self:
        """Reads a row of `CONVERSATION_SCHEMA`.

        Raises:
            InvalidField: The conversation is not one question and one answer, or the question is not laid out as
                `explanations.conversation` does it.
        """
        question, answer = _turns(row)
        return cls(
            sample_token=row["sample_token"],
            proposal_ego_m=np.array(row["proposal"], np.float64),
            truth_ego_m=np.array(row["truth"], np.float64),
            ego_state=EgoState(**row["ego_state"]),
            command=row["command"],
            system_text=row["system"],
            instruction=_instruction(question),
            findings=row["findings"],
            reason=answer,
        )

    @property
    def offset_m(self) -> NDArray[np.float32]:
        """What the head is to predict: truth minus proposal, float32 [T, 2], metres."""
        return (self.truth_ego_m - self.proposal_ego_m).astype(np.float32)

    @property
    def kept(self) -> bool:
        """Whether the proposal is within 0.3 m of the truth everywhere, so that explanations speak of no change."""
        return unchanged(self.proposal_ego_m, self.truth_ego_m)

    @property
    def answer_ego_m(self) -> NDArray[np.float64]:
        """float64 [T, 2]: the truth; a proposal that is kept is itself the answer, as in serving."""
        return self.proposal_ego_m if self.kept else self.truth_ego_m


def _turns(row: Mapping[str, Any]) -> tuple[str, str]:
    roles = [message["role"] for message in row["conversation"]]
    if roles != ["user", "assistant"]:
        raise InvalidField("conversation", "a user's and an assistant's turn", roles)
    question, answer = (message["content"] for message in row["conversation"])
    return question, answer


def _instruction(question: str) -> str:
    if not question.startswith(_PLACEHOLDERS):
        raise InvalidField("conversation.0.content", f"text that begins with {_PLACEHOLDERS}", question)
    rest = question.removeprefix(_PLACEHOLDERS)
    return rest.removeprefix(_INSTRUCTION).partition("\n")[0] if rest.startswith(_INSTRUCTION) else ""
