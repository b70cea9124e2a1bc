"""A short true explanation of a correction."""

import numpy as np
from numpy.typing import NDArray

from llm_service.explaining.claims import Change, Claim
from llm_service.explaining.facts.all_facts import true_claims
from llm_service.explaining.selection import Selection, select
from llm_service.explaining.situation import Moment, Situation
from llm_service.explaining.wording.joints import AND, BECAUSE, SO, sentence_of
from llm_service.explaining.wording.phrasebook import clause_of
from llm_service.explaining.wording.voice import Style, Voice

MOST_WORDS = 60
MOST_SENTENCES = 3
_SHARE_WITH_REASON = 0.8


def explain(
    moment: Moment,
    proposal_ego_m: NDArray[np.float64],
    corrected_ego_m: NDArray[np.float64],
    random: np.random.Generator,
    style: Style | None = None,
) -> str:
    """One to three sentences, under 60 words: why a proposal [T, 2] is corrected, and how, metres in the ego frame.

    All that it says is so by `checking.check`. Equal generators give equal texts; without a style, it is drawn.

    Raises:
        InvalidField: As `Situation.of`.
    """
    return explained(true_claims(Situation.of(moment, proposal_ego_m, corrected_ego_m)), random, style)


def explained(facts: tuple[Claim, ...], random: np.random.Generator, style: Style | None = None) -> str:
    """As `explain`, of all true claims."""
    voice = Voice.drawn(random, style)
    return _text_of(select(facts, random), voice)


def _text_of(selection: Selection, voice: Voice) -> str:
    sentences = _main_sentences(selection, voice)
    for extra in selection.extras:
        longer = _with_extra(sentences, extra, voice)
        if len(longer) <= MOST_SENTENCES and len(" ".join(longer).split()) < MOST_WORDS:
            sentences = longer
    return " ".join(map(sentence_of, sentences))


def _main_sentences(selection: Selection, voice: Voice) -> list[str]:
    """The cause and the change, in one sentence or two; a reason is given only where the change answers to it."""
    change = clause_of(selection.change, voice)
    if selection.cause is None:
        return [change]
    cause = clause_of(selection.cause, voice)
    reasons = (*SO[voice.style], *BECAUSE[voice.style])
    if not selection.answered or not reasons or voice.random.random() >= _SHARE_WITH_REASON:
        return [cause, change]
    joint = voice.one_of(reasons)
    return [f"{cause}{joint}{change}" if joint in SO[voice.style] else f"{change}{joint}{cause}"]


def _with_extra(sentences: list[str], extra: Claim, voice: Voice) -> list[str]:
    """A further change joins a sentence that is about the first one alone; anything else stands alone.

    In the terse style all but a reason may join.
    """
    clause = clause_of(extra, voice)
    gives_reason = any(joint in sentences[-1] for joint in (*SO[voice.style], *BECAUSE[voice.style]))
    if not gives_reason and (isinstance(extra, Change) or voice.style is Style.TERSE):
        return [*sentences[:-1], f"{sentences[-1]}{voice.one_of(AND[voice.style])}{clause}"]
    return [*sentences, clause]
