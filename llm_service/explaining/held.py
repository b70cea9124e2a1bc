"""Holds what a language model writes to what was measured, while it is being written."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass

import numpy as np

from llm_service.explaining.causality import explains
from llm_service.explaining.checking import same_kind, told_fact
from llm_service.explaining.claims import Cause, Change, Claim
from llm_service.explaining.explanation import explained
from llm_service.explaining.wording.joints import (
    cause_comes_first,
    gives_reason,
    next_joint,
    without_reason,
)
from llm_service.explaining.wording.phrasebook import read_clause
from llm_service.explaining.wording.template import Reading
from llm_service.explaining.wording.voice import Style, Voice

_STOP = re.compile(r"\.\s")


class HeldText:
    """One explanation, which grows clause by clause.

    What is worth saying, and in which form, is the model's choice. A clause that is so is sent as it is. One that is
    not is said again by the same template with what was measured instead (another number, side or agent); where nothing
    of its kind was measured, and where it cannot be read, it is left out. A reason (`so`, `because`) stays where the
    change answers to the cause. If nothing of the model's is left, the measured facts are put into plain sentences.

    Args:
        facts: All that is true of the correction, as of `true_claims`.
    """

    def __init__(self, facts: Sequence[Claim]) -> None:
        self._facts = tuple(facts)
        self._unread = ""
        self._joint = ""
        self._sentence: list[Claim] = []
        self._reasoned = False
        self._said: list[Claim] = []

    def add(self, text: str) -> str:
        """What may be sent once the model has written `text`; often nothing yet."""
        self._unread += text.lower()
        sent = ""
        while (cut := self._next_cut()) is not None:
            clause, mark = cut
            sent += self._clause(clause) + (self._end_of_sentence() if mark == "." else "")
            self._joint = "" if mark == "." else mark
        return sent

    def end(self) -> str:
        """The rest, when the model writes no more."""
        clause, self._unread = self._unread.strip(" \t\n,;").removesuffix("."), ""
        sent = self._clause(clause) + self._end_of_sentence()
        return sent if self._said else explained(self._facts, np.random.default_rng(0), Style.PLAIN)

    def _next_cut(self) -> tuple[str, str] | None:
        """The next whole clause in lower case, and the joint or full stop behind it."""
        cuts = [cut for cut in (next_joint(self._unread), _STOP.search(self._unread)) if cut is not None]
        if not cuts:
            return None
        cut = min(cuts, key=lambda found: found.start())
        clause, self._unread = self._unread[: cut.start()], self._unread[cut.end() :]
        return clause.strip(), cut.group().strip() if cut.re is _STOP else cut.group()

    def _clause(self, clause: str) -> str:
        reading = read_clause(clause)
        if reading is None:
            return ""
        told = told_fact(reading, self._facts)
        fact = told or _most_like(reading, self._facts)
        if fact is None or fact in self._said:
            return ""
        sent = self._joined(clause if told else _said_again(clause, reading, fact), fact)
        self._sentence.append(fact)
        self._said.append(fact)
        return sent

    def _joined(self, words: str, fact: Claim) -> str:
        """The words after what was sent before them: in the same sentence, or with a capital in a new one.

        A reason joins two clauses and no more.
        """
        if not self._sentence:
            return f"{' ' if self._said else ''}{_capitalised(words)}"
        reason = gives_reason(self._joint)
        if self._reasoned or (reason and len(self._sentence) > 1):
            return f"{self._end_of_sentence()} {_capitalised(words)}"
        self._reasoned = reason and _answers(self._sentence[0], self._joint, fact)
        joint = self._joint if self._reasoned or not reason else without_reason(self._joint)
        return f"{joint}{words}"

    def _end_of_sentence(self) -> str:
        ended, self._sentence, self._reasoned = bool(self._sentence), [], False
        return "." if ended else ""


def _said_again(clause: str, reading: Reading, fact: Claim) -> str:
    voice = Voice(
        style=Style.PLAIN,
        speed_unit="km/h" if "km/h" in clause else "m/s",
        written_out="metre" in clause or "second" in clause,
        random=np.random.default_rng(0),
    )
    return reading.template.write(fact, voice)


def _most_like(reading: Reading, facts: Sequence[Claim]) -> Claim | None:
    """Of the facts of its kind the most similar one, the gravest first."""
    return max(same_kind(reading, facts), key=lambda fact: _likeness(reading.claim, fact), default=None)


def _likeness(said: Claim, fact: Claim) -> tuple[int, float]:
    """How many words of both are the same, then how near they are in time."""
    words = sum(here == there for here, there in zip(_words(said), _words(fact), strict=True))
    return words, -abs(getattr(said, "time_s", 0.0) - getattr(fact, "time_s", 0.0))


def _words(of: object) -> Iterator[object]:
    """All values but numbers, those of an agent too."""
    for field in fields(of):  # ty: ignore[invalid-argument-type]
        value = getattr(of, field.name)
        if is_dataclass(value):
            yield from _words(value)
        elif not isinstance(value, float):
            yield value


def _answers(before: Claim, joint: str, after: Claim) -> bool:
    cause, change = (before, after) if cause_comes_first(joint) else (after, before)
    return isinstance(cause, Cause) and isinstance(change, Change) and explains(cause, change)


def _capitalised(words: str) -> str:
    return words[0].upper() + words[1:]
