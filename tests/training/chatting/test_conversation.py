"""A user types, the engine answers."""

import numpy as np
import pytest

from llm_service.engine import Sampling
from training.chatting.answerer import AnswerFailed
from training.chatting.conversation import read_proposal
from training.chatting.local_answerer import LocalAnswerer
from waymend.errors import InvalidField
from waymend.trajectory import Horizon


def test_the_scene_its_facts_and_the_proposals_come_first(chat):
    text = chat("q")
    assert "waymend-tiny 0.1.0" in text
    assert "The model is untrained" in text
    assert "9.0 m/s" in text
    assert "21 car" in text
    assert "1  constant_velocity  ends at 27.0, 0.0 m" in text
    assert "+ true future" in text


def test_a_proposal_is_corrected_drawn_judged_and_explained(chat, answerer):
    text = chat("1", "keep the lane", "", "q")
    assert "corrected" in text or "kept_proposal" in text
    assert "o proposal  x answer  + true future" in text
    assert "27.00   0.00" in text
    assert "collision" in text


def test_questions_go_on_from_the_explanation_and_from_each_other(chat, answerer):
    prompts = []
    service = answerer._service
    inner = service.write

    def remembered(prompt, *arguments):
        prompts.append(prompt)
        return inner(prompt, *arguments)

    service.write = remembered
    try:
        chat("constant_velocity", "", "Why so slow?", "And then?", "", "q")
    finally:
        del service.write
    explanation = service.explanation_prompt(answerer._correction).token_ids
    first, second = (prompt.token_ids for prompt in prompts)
    assert first[: len(explanation)] == explanation
    assert second[: len(first)] == first
    assert len(second) > len(first) + 5


def test_the_same_line_gives_the_same_answer_after_other_corrections(chat):
    once = chat("1", "", "", "q")
    thrice = chat("1", "", "", "2", "", "", "1", "", "", "q")
    answer = once[once.index("t (s)") : once.index("question")]
    assert thrice.count(answer) == 2


def test_wrong_input_is_told_and_asked_for_again(chat):
    text = chat("99", "1,0 2,0", "somewhere", "1", "word " * 200, "q")
    assert "proposal: expected 1 to 3, a name, or 6 waypoints `x,y x,y ...`, given 99" in text
    assert "proposal: expected 6 waypoints of [x, y], given shape [2, 2]" in text
    assert "given somewhere" in text
    assert "instruction: expected at most 128 tokens" in text


def test_a_question_that_is_too_long_ends_nothing(chat):
    text = chat("1", "", "word " * 200, "Why?", "", "q")
    assert "question: expected from 1 to 128 tokens" in text


def test_a_question_needs_an_explanation_before_it(answerer, scene):
    answerer.correct(scene, scene.proposals["ctra"], "")
    with pytest.raises(AnswerFailed, match="nothing has been explained yet"):
        answerer.ask("Why?")
    list(answerer.explain())
    assert list(answerer.ask("Why?"))


def test_a_conversation_that_outgrows_the_context_takes_no_more_questions(answerer, scene):
    answerer.correct(scene, scene.proposals["ctra"], "")
    list(answerer.explain())
    with pytest.raises(InvalidField, match=r"question: expected a conversation of less than \d+ tokens"):
        ask_again_and_again(answerer)
    answerer.correct(scene, scene.proposals["ctra"], "")
    assert "".join(answerer.explain())


def ask_again_and_again(answerer):
    """Up to 40 questions of 90 tokens or so."""
    for _ in range(40):
        list(answerer.ask("word " * 30))


def test_words_are_sampled_where_asked_for_and_equal_seeds_say_the_same(answerer, scene):
    def said(**sampling) -> str:
        other = LocalAnswerer(answerer._service, 24, Sampling(**sampling))
        other.correct(scene, scene.proposals["ctra"], "")
        list(other.explain())
        return "".join(other.ask("Why?"))

    assert said(temperature=1.0, seed=1) == said(temperature=1.0, seed=1)
    assert len({said(temperature=1.0, seed=seed) for seed in range(4)}) > 1
    assert said() == said(temperature=1.0, top_p=1e-6, seed=2)


def test_an_explanation_is_drafted_with_the_same_sampling(answerer, scene):
    def draft(seed: int) -> str:
        pieces = answerer._service.explain(answerer._correction, 24, Sampling(temperature=1.0, seed=seed))
        return "".join(piece.draft for piece in pieces)

    answerer.correct(scene, scene.proposals["ctra"], "")
    assert draft(1) == draft(1)
    assert len({draft(seed) for seed in range(4)}) > 1


def test_the_end_of_input_ends_the_chat(chat):
    assert chat("1", "")
    assert chat()


@pytest.mark.parametrize("text", ["2", "ctra", "1,0 2,0 3,0 4,0 5,0 6,0.5"])
def test_a_proposal_is_a_number_a_name_or_waypoints(scene, text):
    proposal_ego_m = read_proposal(text, scene, Horizon())
    expected = scene.proposals["ctra"] if text in ("2", "ctra") else [[1, 0], [2, 0], [3, 0], [4, 0], [5, 0], [6, 0.5]]
    np.testing.assert_array_equal(proposal_ego_m, expected)


@pytest.mark.parametrize("text", ["", "0", "4", "1,2,3", "nan,0 1,0 1,0 1,0 1,0 1,0", "1e9,0 1,0 1,0 1,0 1,0 1,0"])
def test_what_is_no_proposal_is_refused(scene, text):
    with pytest.raises(InvalidField, match="proposal"):
        read_proposal(text, scene, Horizon())


def test_the_explanation_s_prompt_tells_the_answer_and_what_is_left_wrong_with_it(answerer, scene):
    answerer.correct(scene, scene.proposals["constant_velocity"], "")
    correction, service = answerer._correction, answerer._service
    words = service.tokenizer.decode(service.explanation_prompt(correction).token_ids)
    answer = "Answer: " + " ".join(f"{x:.1f},{y:.1f}" for x, y in correction.decision.trajectory_ego_m.round(1) + 0.0)
    assert answer in words
    assert words.endswith("\nReason:")
    failed = [check for check in correction.decision.answer_report.failed if check.excess >= 0.05 or not check.limit]
    assert all(f"{check.name}: {check.message}" in words.partition("Remaining:")[2] for check in failed)
