"""Claims that are so, that are not, and that cannot be read."""

import pytest

from llm_service.explaining.claims import KeepsMotion, NoChange
from llm_service.explaining.verdict import Finding, Verdict
from training.evaluating.metrics.faithfulness import SaidClaim, faithfulness_of, faithfulness_summary


def finding(claim, holds):
    return Finding("text", claim, None, holds, "")


def said(*claims):
    return tuple(SaidClaim(kind, holds) for kind, holds in claims)


def test_what_cannot_be_read_counts_as_a_claim_that_is_not_so():
    verdict = Verdict((finding(NoChange(), True), finding(None, False)), ("gibberish",))
    assert faithfulness_of(verdict) == said(("NoChange", True), ("reason", False), ("unreadable", False))


def test_an_empty_text_is_one_claim_that_is_not_so():
    assert faithfulness_of(Verdict((), ())) == said(("unreadable", False))


def test_rates_are_over_claims_over_explanations_and_by_kind():
    explanations = [
        faithfulness_of(Verdict((finding(NoChange(), True), finding(KeepsMotion(), True)), ())),
        faithfulness_of(Verdict((finding(NoChange(), True), finding(KeepsMotion(), False)), ())),
        faithfulness_of(Verdict((), ("gibberish",))),
    ]
    summary = faithfulness_summary(explanations)
    assert (summary["claims"], summary["explanations"]) == (5, 3)
    assert summary["claims_true_rate"] == pytest.approx(3 / 5)
    assert summary["claims_unreadable_rate"] == pytest.approx(1 / 5)
    assert summary["explanations_true_rate"] == pytest.approx(1 / 3)
    assert summary["by_claim"] == {
        "KeepsMotion": {"claims": 2, "true_rate": 0.5},
        "NoChange": {"claims": 2, "true_rate": 1.0},
        "unreadable": {"claims": 1, "true_rate": 0.0},
    }


def test_no_explanations_have_no_rate():
    assert faithfulness_summary([]) == {"explanations": 0}
