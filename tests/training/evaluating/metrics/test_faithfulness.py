"""Claims that are so, that are not, and that cannot be read."""

import pytest

from training.data.explanations.verdict import Finding, Verdict
from training.evaluating.metrics.faithfulness import Faithfulness, faithfulness_of, faithfulness_summary


def finding(holds):
    return Finding("text", None, None, holds, "")


def test_what_cannot_be_read_counts_as_a_claim_that_is_not_so():
    verdict = Verdict((finding(True), finding(False)), ("gibberish",))
    assert faithfulness_of(verdict) == Faithfulness(claims=3, true=1, unreadable=1)


def test_an_empty_text_is_one_claim_that_is_not_so():
    assert faithfulness_of(Verdict((), ())) == Faithfulness(1, 0, 1)


def test_rates_are_over_claims_and_over_explanations():
    summary = faithfulness_summary([Faithfulness(3, 3, 0), Faithfulness(2, 1, 0), Faithfulness(1, 0, 1)])
    assert summary["claims_true_rate"] == pytest.approx(4 / 6)
    assert summary["claims_unreadable_rate"] == pytest.approx(1 / 6)
    assert summary["explanations_true_rate"] == pytest.approx(1 / 3)
    assert (summary["claims"], summary["explanations"]) == (6, 3)


def test_no_explanations_have_no_rate():
    assert faithfulness_summary([]) == {"explanations": 0}
