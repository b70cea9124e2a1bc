"""A correction sample as a conversation: what is asked, what was found, and why the answer is as it is."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from llm_service.correction.findings import findings_in_words, unchanged
from llm_service.explaining.explanation import explain
from llm_service.explaining.situation import STEP_S, VERIFIER, Situation
from llm_service.modeling.special_tokens import MODALITIES, placeholder_token
from llm_service.prompt import question_text
from training.data.explanations.instructions import draw_request
from training.data.samples.keyframe import Keyframe, Proposal


@dataclass(frozen=True, slots=True)
class Message:
    """One turn."""

    role: Literal["user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Conversation:
    """A system text, then a user's and an assistant's turn; and what the verifier finds, which the prompt tells.

    The user's content holds, as the serving prompt does: the placeholders of all modalities in their order; on a line
    of its own `Instruction: ...`, unless there is none; and `llm_service.prompt.question_text`. The assistant's content
    is the explanation alone, what follows `Reason:` in that prompt; the answer's waypoints stay numbers.
    """

    system: str
    messages: tuple[Message, ...]
    findings: str


def conversation_for(keyframe: Keyframe, proposal: Proposal, random: np.random.Generator) -> Conversation:
    """The conversation about a proposal whose correction is where the vehicle truly went.

    Raises:
        InvalidField: As `explanation.explain`.
    """
    request = draw_request(random)
    placeholders = "".join(map(placeholder_token, MODALITIES))
    instruction = f"\nInstruction: {request.instruction}" if request.instruction else ""
    question = question_text(proposal.waypoints_ego_m, keyframe.ego_state, keyframe.command)
    answer = explain(keyframe, proposal.waypoints_ego_m, keyframe.future_ego_m, random, request.style)
    user = Message("user", f"{placeholders}{instruction}\n{question}")
    return Conversation(request.system, (user, Message("assistant", answer)), _findings(keyframe, proposal))


def _findings(keyframe: Keyframe, proposal: Proposal) -> str:
    """As the service finds them; a proposal near the truth is its own answer."""
    situation = Situation.of(keyframe, proposal.waypoints_ego_m, keyframe.future_ego_m)
    planned, driven = situation.proposal, situation.correction
    answer = planned if unchanged(planned.waypoints_ego_m, driven.waypoints_ego_m) else driven
    proposal_report, answer_report = (
        VERIFIER.judge(course.waypoints_ego_m, STEP_S, keyframe.ego_state, situation.scene)
        for course in (planned, answer)
    )
    return findings_in_words(planned, proposal_report, answer, answer_report)
