"""Whether explanations say what is so.

`llm_service.explaining.checking` reads each sentence back and derives its claims anew from the scene, the proposal
and the answer. A claim is a clause, or a reason that joins two; what cannot be read counts as a claim that is not so,
and an empty text as one such. claims_true_rate = claims that hold / all claims; explanations_true_rate = explanations
in which every claim holds / all explanations.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from llm_service.explaining.verdict import Finding, Verdict

_UNREADABLE = "unreadable"
_REASON = "reason"


@dataclass(frozen=True, slots=True)
class SaidClaim:
    """A claim of an explanation: its kind, as `llm_service.explaining.claims` names it, and whether it holds."""

    kind: str
    holds: bool


Faithfulness = tuple[SaidClaim, ...]
"""All claims of one explanation, one at least."""


def faithfulness_of(verdict: Verdict) -> Faithfulness:
    """The claims of a verdict."""
    said = tuple(SaidClaim(_kind(finding), finding.holds) for finding in verdict.findings)
    unreadable = len(verdict.not_understood) or int(not said)
    return said + unreadable * (SaidClaim(_UNREADABLE, False),)


def faithfulness_summary(explanations: Sequence[Faithfulness]) -> dict[str, Any]:
    """Rates over all explanations, and of each kind of claim: how many there are and which share of them holds."""
    if not explanations:
        return {"explanations": 0}
    said = [claim for explanation in explanations for claim in explanation]
    by_kind: dict[str, list[bool]] = defaultdict(list)
    for claim in said:
        by_kind[claim.kind].append(claim.holds)
    return {
        "explanations": len(explanations),
        "claims": len(said),
        "claims_true_rate": sum(claim.holds for claim in said) / len(said),
        "claims_unreadable_rate": len(by_kind[_UNREADABLE]) / len(said),
        "explanations_true_rate": sum(all(claim.holds for claim in one) for one in explanations) / len(explanations),
        "by_claim": {
            kind: {"claims": len(holds), "true_rate": sum(holds) / len(holds)}
            for kind, holds in sorted(by_kind.items())
            if holds
        },
    }


def _kind(finding: Finding) -> str:
    return _REASON if finding.claim is None else type(finding.claim).__name__
