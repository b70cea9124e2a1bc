"""Whether a text says nothing but what is so."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass

import numpy as np
from numpy.typing import NDArray

from llm_service.explaining.causality import explains
from llm_service.explaining.claims import Cause, Change, Claim
from llm_service.explaining.facts.all_facts import true_claims
from llm_service.explaining.situation import Moment, Situation
from llm_service.explaining.verdict import Finding, Verdict
from llm_service.explaining.wording.joints import cause_comes_first, clauses_of, gives_reason, sentences_of
from llm_service.explaining.wording.phrasebook import read_clause
from llm_service.explaining.wording.template import Reading

_FLOAT_ERROR = 1e-9


def check(
    text: str, moment: Moment, proposal_ego_m: NDArray[np.float64], corrected_ego_m: NDArray[np.float64]
) -> Verdict:
    """Reads every clause of a text and looks for it among all that is true of the two trajectories [T, 2].

    A number holds within half the step to which it is rounded plus what its reader cannot know better; anything else
    must agree exactly. A reason (`so`, `because`) holds where both clauses do and the change answers to the cause.

    Raises:
        InvalidField: As `Situation.of`; no text raises anything.
    """
    facts = true_claims(Situation.of(moment, proposal_ego_m, corrected_ego_m))
    parts = [part for sentence in sentences_of(text) for part in _check_sentence(sentence, facts)]
    findings = tuple(part for part in parts if isinstance(part, Finding))
    return Verdict(findings, tuple(part for part in parts if isinstance(part, str)))


def _check_sentence(sentence: str, facts: Sequence[Claim]) -> list[Finding | str]:
    """A finding for each clause, or its text where it is not understood; then one for the reason, if one is given.

    A reason joins two clauses and no more: of others it would not be clear whether they are part of it.
    """
    clauses = clauses_of(sentence)
    if clauses is None or (len(clauses.texts) > 2 and any(map(gives_reason, clauses.joints))):
        return [sentence]
    parts = [_check_clause(clause, facts) for clause in clauses.texts]
    if len(parts) == 2 and gives_reason(clauses.joints[0]):
        before, after = parts
        if isinstance(before, Finding) and isinstance(after, Finding):
            parts.append(_check_reason(before, clauses.joints[0], after))
    return parts


def _check_clause(clause: str, facts: Sequence[Claim]) -> Finding | str:
    reading = read_clause(clause)
    if reading is None:
        return clause
    fact = told_fact(reading, facts)
    if fact is not None:
        return Finding(clause, reading.claim, fact, True, f"the scene has {fact}")
    instead = ", ".join(map(str, same_kind(reading, facts))) or f"no {type(reading.claim).__name__}"
    return Finding(clause, reading.claim, None, False, f"the scene has {instead}")


def _check_reason(before: Finding, joint: str, after: Finding) -> Finding | str:
    """What is joined must be a cause and a change, in the joint's order; anything else is not understood."""
    text = f"{before.text}{joint}{after.text}"
    cause, change = (before, after) if cause_comes_first(joint) else (after, before)
    if not isinstance(cause.claim, Cause) or not isinstance(change.claim, Change):
        return text
    if not isinstance(cause.fact, Cause) or not isinstance(change.fact, Change):
        return Finding(text, None, None, False, "not both are so")
    answers = explains(cause.fact, change.fact)
    return Finding(text, None, None, answers, f"the change {'answers' if answers else 'is no answer'} to the cause")


def told_fact(reading: Reading, facts: Sequence[Claim]) -> Claim | None:
    """The first fact that a reading tells."""
    return next((fact for fact in same_kind(reading, facts) if _agree(reading.claim, fact, reading.tolerances)), None)


def same_kind(reading: Reading, facts: Sequence[Claim]) -> list[Claim]:
    """The facts of the kind that a reading is about, in their order."""
    return [fact for fact in facts if type(fact) is type(reading.claim)]


def _agree(said: object, fact: object, tolerances: Mapping[str, float], prefix: str = "") -> bool:
    """Whether every field of a claim is as said; `fact` is of the same type."""
    for field in fields(said):  # ty: ignore[invalid-argument-type]
        name, here, there = prefix + field.name, getattr(said, field.name), getattr(fact, field.name)
        if is_dataclass(here):
            if not _agree(here, there, tolerances, f"{name}."):
                return False
        elif isinstance(here, float):
            if abs(here - there) > tolerances[name] + _FLOAT_ERROR:
                return False
        elif here != there:
            return False
    return True
