"""Which contrastive losses a stage has, and what they compare."""

from training.modeling.losses.align import ALIGN
from training.modeling.losses.bev_text import BEV_TEXT
from training.modeling.losses.bev_vector import BEV_VECTOR
from training.modeling.losses.pair import ContrastivePair
from training.modeling.settings import CorrectorSettings

PAIRS = (ALIGN, BEV_TEXT, BEV_VECTOR)
TEXT = "text"
"""The words that are to be said; beside it, pairs name modalities."""


def wanted_pairs(settings: CorrectorSettings) -> list[ContrastivePair]:
    """Losses that are asked for and whose modalities are enabled."""
    there = {TEXT, *settings.modalities}
    return [pair for pair in PAIRS if pair.name in settings.losses and {pair.first, pair.second} <= there]


def compared_things(settings: CorrectorSettings) -> set[str]:
    """Modalities, and perhaps the text, that a wanted loss compares."""
    return {name for pair in wanted_pairs(settings) for name in (pair.first, pair.second)}


def reads_words(settings: CorrectorSettings) -> bool:
    """Whether any loss looks at what is to be said."""
    return "lm" in settings.losses or TEXT in compared_things(settings)
