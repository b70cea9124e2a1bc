"""Who is speaking."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, Self

import numpy as np

_SHARE_OF_KMH = 0.3
_SHARE_OF_WORDS = 0.4


class Style(StrEnum):
    """A report in catchwords, plain sentences, a driving instructor, an engineer."""

    TERSE = "terse"
    PLAIN = "plain"
    INSTRUCTOR = "instructor"
    ENGINEER = "engineer"


@dataclass(frozen=True, slots=True, eq=False)
class Voice:
    """One speaker keeps its style and units through a text.

    Attributes:
        style: How it speaks.
        speed_unit: Of every speed.
        written_out: Whether it says `metres` rather than `m`.
        random: Chooses between wordings.
    """

    style: Style
    speed_unit: Literal["m/s", "km/h"]
    written_out: bool
    random: np.random.Generator

    @classmethod
    def drawn(cls, random: np.random.Generator, style: Style | None = None) -> Self:
        """Of any style, or of a given one; only who speaks in sentences writes units out."""
        styles = list(Style)
        chosen = style or styles[int(random.integers(len(styles)))]
        spoken = chosen in (Style.PLAIN, Style.INSTRUCTOR)
        draws = random.random(2)
        return cls(
            style=chosen,
            speed_unit="km/h" if spoken and draws[0] < _SHARE_OF_KMH else "m/s",
            written_out=bool(spoken and draws[1] < _SHARE_OF_WORDS),
            random=random,
        )

    def one_of(self, choices: tuple[str, ...]) -> str:
        return choices[int(self.random.integers(len(choices)))]
