"""What is printed of an answer."""

import io

import numpy as np
import pytest
from rich.console import Console

from training.chatting.answerer import Answer, CheckOutcome
from training.chatting.report import printable, verdict, waypoint_table
from waymend.trajectory import Horizon

CHECKS = [
    CheckOutcome("collision", "failed", "passed", "no contact"),
    CheckOutcome("speed", "passed", "passed", "9 m/s"),
    CheckOutcome("jerk", "passed", "failed", "12 m/s3\x1b[2J"),
]


def printed(renderable):
    out = io.StringIO()
    Console(file=out, width=120).print(renderable)
    return out.getvalue()


def answer(trajectory_m):
    return Answer(trajectory_m, np.full(6, 0.25), "corrected", "the correction is no worse", CHECKS)


def test_the_verdict_names_the_checks_that_failed_on_either_side():
    text = printed(verdict(answer(np.zeros((6, 2)))))
    assert "corrected  the correction is no worse" in text
    assert "collision  FAIL → pass  no contact" in text
    assert "jerk       pass → FAIL  12 m/s3" in text
    assert "speed" not in text


def test_waypoints_stand_side_by_side_with_their_shift(scene):
    proposal_m = np.stack([np.arange(1.0, 7.0), np.zeros(6)], axis=1)
    text = printed(waypoint_table(scene, proposal_m, answer(proposal_m + np.array([0.3, 0.4])), Horizon()))
    first = text.splitlines()[1].split()
    truth = [f"{value:.2f}" for value in scene.truth_ego_m[0]]
    assert first == ["0.5", "1.00", "0.00", "1.30", "0.40", "0.50", "0.25", *truth]
    assert len(text.splitlines()) == 7


@pytest.mark.parametrize("text", ["\x1b[31mred", "\x07", "a\x9bb", "back\x08"])
def test_a_model_cannot_steer_the_terminal(text):
    assert all(character.isprintable() for character in printable(text))


def test_line_breaks_and_other_scripts_stay():
    assert printable("Grüße\n你好") == "Grüße\n你好"
