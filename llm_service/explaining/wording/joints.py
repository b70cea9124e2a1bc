"""How clauses make a sentence, and a sentence falls back into clauses."""

import re
from dataclasses import dataclass

from llm_service.explaining.wording.voice import Style

SO = {
    Style.TERSE: (),
    Style.PLAIN: (", so ",),
    Style.INSTRUCTOR: (", so ",),
    Style.ENGINEER: (", hence ", "; therefore "),
}
"""Cause, then change."""

BECAUSE = {Style.TERSE: (), Style.PLAIN: (" because ",), Style.INSTRUCTOR: (), Style.ENGINEER: (" since ",)}
"""Change, then cause; an instructor's causes may be orders, which do not follow `because`."""

AND = {Style.TERSE: ("; ",), Style.PLAIN: (", and ",), Style.INSTRUCTOR: (", and ",), Style.ENGINEER: ("; ",)}
"""No reason is meant."""

_SO, _BECAUSE, _AND = ({word for words in joints.values() for word in words} for joints in (SO, BECAUSE, AND))
_JOINTS = sorted(_SO | _BECAUSE | _AND, key=lambda word: (-len(word), word))
_SPLIT = re.compile("(" + "|".join(map(re.escape, _JOINTS)) + ")")
_SENTENCE_END = re.compile(r"(?<=\.)\s+")


@dataclass(frozen=True, slots=True)
class Clauses:
    """The clauses of a sentence, in lower case, and the joints between them, one fewer."""

    texts: tuple[str, ...]
    joints: tuple[str, ...]


def sentences_of(text: str) -> tuple[str, ...]:
    """The text cut after every full stop that a space follows; white space is made even."""
    return tuple(sentence for sentence in _SENTENCE_END.split(" ".join(text.split())) if sentence)


def clauses_of(sentence: str) -> Clauses | None:
    """None for a sentence without a full stop at its end, which may have been cut off."""
    if not sentence.endswith("."):
        return None
    pieces = _SPLIT.split(sentence.removesuffix(".").lower())
    return Clauses(tuple(pieces[::2]), tuple(pieces[1::2]))


def sentence_of(clauses: str) -> str:
    """With a capital and a full stop."""
    return f"{clauses[0].upper()}{clauses[1:]}."


def next_joint(text: str) -> re.Match[str] | None:
    """The first joint of a text in lower case; None also where what follows may make it a longer one."""
    found = _SPLIT.search(text)
    if found is None:
        return None
    rest = text[found.start() :]
    return None if any(joint.startswith(rest) and joint != rest for joint in _JOINTS) else found


def without_reason(joint: str) -> str:
    """A joint that means no reason, in the style of one that does."""
    return "; " if joint in (*SO[Style.ENGINEER], *BECAUSE[Style.ENGINEER]) else ", and "


def gives_reason(joint: str) -> bool:
    return joint in _SO or joint in _BECAUSE


def cause_comes_first(joint: str) -> bool:
    """Of a joint that gives a reason."""
    return joint in _SO
