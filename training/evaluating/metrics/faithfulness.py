"""Whether explanations say what is so.

`training.data.explanations.checking` reads each sentence back and derives its claims anew from the scene, the proposal
and the answer. A claim is a clause, or a reason that joins two; what cannot be read counts as a claim that is not so,
and an empty text as one such. claims_true_rate = claims that hold / all claims; explanations_true_rate = explanations
in which every claim holds / all explanations.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from training.data.explanations.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Faithfulness:
    """Claims of one explanation."""

    claims: int
    true: int
    unreadable: int


def faithfulness_of(verdict: Verdict) -> Faithfulness:
    """Counts of a verdict."""
    readable, unreadable = len(verdict.findings), len(verdict.not_understood)
    if not readable and not unreadable:
        return Faithfulness(1, 0, 1)
    return Faithfulness(readable + unreadable, sum(finding.holds for finding in verdict.findings), unreadable)


def faithfulness_summary(explanations: Sequence[Faithfulness]) -> dict[str, float | int | None]:
    """Rates over all explanations; None where there is none."""
    claims = sum(one.claims for one in explanations)
    if not explanations:
        return {"explanations": 0}
    return {
        "explanations": len(explanations),
        "claims": claims,
        "claims_true_rate": sum(one.true for one in explanations) / claims,
        "claims_unreadable_rate": sum(one.unreadable for one in explanations) / claims,
        "explanations_true_rate": sum(one.true == one.claims for one in explanations) / len(explanations),
    }
