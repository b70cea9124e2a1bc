"""Terms between two log lines, and the parts that micro-batches give."""

import pytest
import torch

from training.modeling.corrector import LossSums
from training.modeling.losses.loss_sum import LossSum
from training.running.evaluation_totals import EvaluationTotals
from training.running.step_window import StepWindow, weighted_sum
from training.running.term_log import TermLog


def batch(labelled: list[int]) -> dict:
    """Samples of six tokens, of which so many are labelled."""
    labels = torch.full((len(labelled), 6), -100)
    for row, count in enumerate(labelled):
        labels[row, 6 - count :] = 1
    return {"labels": labels, "offset_m": torch.zeros(len(labelled), 6, 2)}


def test_counts_are_those_of_the_whole_window():
    window = StepWindow.of([batch([3, 1]), batch([2])], torch.device("cpu"))
    assert (window.counts, window.samples) == ({"lm": 6.0, "traj": 3.0}, 3)


def test_a_sum_is_divided_by_the_counts_of_all_ranks_and_multiplied_by_their_number():
    losses = LossSums(
        {"lm": LossSum(torch.tensor(12.0), torch.tensor(4)), "traj": LossSum(torch.tensor(6.0), torch.tensor(2))},
        {"align": torch.tensor(0.5)},
    )
    terms = StepWindow((), {"lm": 8.0, "traj": 4.0}, ranks=2).terms(losses)
    assert {name: float(term) for name, term in terms.items()} == {"lm": 3.0, "traj": 3.0, "align": 0.5}
    assert float(weighted_sum(terms, {"lm": 1.0, "traj": 2.0, "align": 4.0})) == 11.0


def test_terms_are_means_over_the_steps_that_have_them():
    log = TermLog()
    for value in (1.0, 2.0):
        log.step()
        log.add({"lm": torch.tensor(value)})
        log.add({"lm": torch.tensor(value)})
    assert log.drain() == {"loss_lm": 3.0}
    for terms in ({"traj": torch.tensor(0.5), "align": torch.tensor(2.0)}, {"traj": torch.tensor(1.5)}):
        log.step()
        log.add(terms)
    assert log.drain() == {"loss_traj": 1.0, "loss_align": 2.0}
    assert log.drain() == {}


def test_evaluation_means_count_tokens_samples_and_waypoints():
    totals = EvaluationTotals()
    totals.add_losses({"lm": LossSum(torch.tensor(6.0), torch.tensor(3))})
    totals.add_losses({"lm": LossSum(torch.tensor(2.0), torch.tensor(1))})
    totals.add_distances(torch.tensor([[[3.0, 4.0], [0.0, 1.0]]]), torch.tensor([[[3.0, 4.0], [0.0, 0.0]]]))
    totals.add_alignment({"align": torch.tensor(1.0)}, 3)
    totals.add_alignment({"align": torch.tensor(2.0)}, 1)
    terms = totals.terms(torch.device("cpu"))
    assert terms == pytest.approx({"lm": 2.0, "align": 1.25, "l2_before_m": 3.0, "l2_after_m": 0.5})
