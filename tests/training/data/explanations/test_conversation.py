import re

import numpy as np

from llm_service.explaining.checking import check
from llm_service.modeling.special_tokens import CHAT_TOKENS, trajectory_tokens
from llm_service.prompt import SYSTEM_TEXT, question_text
from tests.llm_service.explaining import situations
from training.data.explanations.conversation import conversation_for
from training.data.samples.keyframe import Proposal

FRAME, WAYPOINTS = situations.braking_behind_a_standing_car()
PROPOSAL = Proposal("constant_velocity", WAYPOINTS)
CONVERSATIONS = [conversation_for(FRAME, PROPOSAL, np.random.default_rng(seed)) for seed in range(200)]


def test_a_user_asks_and_an_assistant_answers():
    for conversation in CONVERSATIONS:
        assert [message.role for message in conversation.messages] == ["user", "assistant"]
        assert conversation.system.startswith(SYSTEM_TEXT)


def test_the_question_has_the_placeholders_then_an_instruction_or_none_then_the_proposal_in_words():
    question = re.escape(question_text(WAYPOINTS, FRAME.ego_state, "straight"))
    form = re.compile(rf"<\|image\|><\|bev\|><\|vector\|><\|plan\|>(\nInstruction: [^\n]+)?\n{question}")
    instructions = [form.fullmatch(conversation.messages[0].content)[1] for conversation in CONVERSATIONS]
    assert len(set(instructions)) > 15
    assert 20 < instructions.count(None) < 60


def test_the_answer_is_the_faithful_explanation_alone():
    tokens = (*trajectory_tokens(6), *CHAT_TOKENS)
    for conversation in CONVERSATIONS:
        answer = conversation.messages[1].content
        assert check(answer, FRAME, WAYPOINTS, FRAME.future_ego_m).faithful
        assert not any(token in answer for token in tokens)


def test_who_asks_for_catchwords_gets_them():
    briefs = [c.messages[1].content for c in CONVERSATIONS if "catchwords" in c.system + c.messages[0].content]
    spoken = [c.messages[1].content for c in CONVERSATIONS if "driving instructor" in c.system + c.messages[0].content]
    assert len(briefs) > 5
    assert np.mean([len(text.split()) for text in briefs]) < 0.75 * np.mean([len(text.split()) for text in spoken])


def test_equal_generators_give_equal_conversations():
    again = [conversation_for(FRAME, PROPOSAL, np.random.default_rng(seed)) for seed in range(20)]
    assert again == CONVERSATIONS[:20]
