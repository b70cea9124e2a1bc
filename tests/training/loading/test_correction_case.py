"""What is read out of a conversation row."""

import numpy as np
import pytest

from training.loading.correction_case import CorrectionCase
from waymend.errors import InvalidField

TRUTH = [[4.5, 0.0], [9.0, 0.0], [13.5, 0.0]]


def row(question="<|image|><|bev|><|vector|><|plan|>\nCommand: left", proposal=TRUTH, **changes):
    values = {
        "sample_token": "a", "proposal": proposal, "truth": TRUTH, "command": "left", "system": "You correct.",
        "ego_state": {"speed_mps": 9.0, "acceleration_mps2": 0.5, "yaw_rate_radps": 0.1},
        "conversation": [{"role": "user", "content": question}, {"role": "assistant", "content": "As it is."}],
        "findings": "Change: none",
    }  # fmt: skip
    return values | changes


def test_a_real_row_gives_the_instruction_that_its_question_holds(rows):
    cases = [CorrectionCase.of_row(one) for one in rows.conversations]
    for case, one in zip(cases, rows.conversations, strict=True):
        question = one["conversation"][0]["content"]
        assert (f"\nInstruction: {case.instruction}\nCommand:" in question) == bool(case.instruction)
    assert {bool(case.instruction) for case in cases} == {True, False}


def test_the_offset_is_truth_minus_proposal():
    case = CorrectionCase.of_row(row(proposal=[[4.0, 0.5], [9.0, 0.0], [14.0, -1.0]]))
    assert case.offset_m.dtype == np.float32
    assert case.offset_m.tolist() == [[0.5, -0.5], [0.0, 0.0], [-0.5, 1.0]]


@pytest.mark.parametrize(("shift_m", "kept"), [(0.29, True), (0.31, False)])
def test_a_proposal_near_the_truth_is_kept_and_is_the_answer(shift_m, kept):
    proposal = (np.array(TRUTH) + np.array([[0.0, 0.0], [0.0, shift_m], [0.0, 0.0]])).tolist()
    case = CorrectionCase.of_row(row(proposal=proposal))
    assert case.kept == kept
    assert case.answer_ego_m.tolist() == (proposal if kept else TRUTH)


@pytest.mark.parametrize(
    ("question", "instruction"),
    [
        ("<|image|><|bev|><|vector|><|plan|>\nInstruction: Drive slowly.\nCommand: left\nSpeed", "Drive slowly."),
        ("<|image|><|bev|><|vector|><|plan|>\nCommand: left\nInstruction: no", ""),
    ],
)
def test_the_instruction_is_the_line_after_the_placeholders(question, instruction):
    assert CorrectionCase.of_row(row(question)).instruction == instruction


def test_a_question_without_placeholders_is_refused():
    with pytest.raises(InvalidField, match=r"conversation\.0\.content: expected text that begins with <\|image\|>"):
        CorrectionCase.of_row(row("Correct this."))


def test_another_number_of_turns_is_refused():
    turns = [{"role": "user", "content": "a"}]
    with pytest.raises(
        InvalidField, match=r"conversation: expected a user's and an assistant's turn, given \['user'\]"
    ):
        CorrectionCase.of_row(row(conversation=turns))
