"""Places in a template: each writes one field of a claim, and reads it back with the error that its rounding allows."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from llm_service.explaining.wording.voice import Voice
from llm_service.verifier.mention import rounded

NUMBER = r"\d{1,6}(?:\.\d{1,3})?"


@dataclass(frozen=True, slots=True)
class Said:
    """Values of a claim's fields as a text has them.

    Attributes:
        values: By name of the field.
        tolerances: Of every number, by name of the field; of a field of the agent by `agent.` and its name.
    """

    values: Mapping[str, object]
    tolerances: Mapping[str, float] = field(default_factory=dict)


class Slot(Protocol):
    """What `{name}` in a template stands for."""

    def write(self, values: Mapping[str, Any], voice: Voice) -> str:
        """Its text for the values of a claim's fields."""
        ...

    def pattern(self, name: str) -> str:
        """A regular expression; its groups are named `name` or `name_...`."""
        ...

    def read(self, groups: Mapping[str, str | None], name: str) -> Said: ...


@dataclass(frozen=True, slots=True)
class Synonym:
    """Words that say the same, and nothing about the claim."""

    words: tuple[str, ...]

    def write(self, values: Mapping[str, Any], voice: Voice) -> str:
        return voice.one_of(self.words)

    def pattern(self, name: str) -> str:
        return f"(?:{_any_of(self.words)})"

    def read(self, groups: Mapping[str, str | None], name: str) -> Said:
        return Said({})


@dataclass(frozen=True, slots=True)
class Words:
    """A field with few values, each with its words; no two values share a word."""

    field: str
    words: Mapping[str, tuple[str, ...]]

    def write(self, values: Mapping[str, Any], voice: Voice) -> str:
        return voice.one_of(self.words[values[self.field]])

    def pattern(self, name: str) -> str:
        return f"(?P<{name}>{_any_of(tuple(word for words in self.words.values() for word in words))})"

    def read(self, groups: Mapping[str, str | None], name: str) -> Said:
        value = next(value for value, words in self.words.items() if groups[name] in words)
        return Said({self.field: value})


@dataclass(frozen=True, slots=True)
class Measure:
    """A number of a field, rounded to `step`; `slack` is how well its reader can know it at best.

    A text may say `about` and round to `coarse_step`.
    """

    field: str
    unit: str
    step: float
    slack: float
    coarse_step: float = 0.0

    def write(self, values: Mapping[str, Any], voice: Voice) -> str:
        value = values[self.field]
        about = self.coarse_step > 0 and value >= self.coarse_step and voice.random.random() < 0.3
        number = rounded(value, self.coarse_step if about else self.step)
        return f"{'about ' if about else ''}{with_unit(number, self.unit, voice)}"

    def pattern(self, name: str) -> str:
        about = f"(?P<{name}_about>about )?" if self.coarse_step > 0 else ""
        return f"{about}(?P<{name}>{NUMBER}) {unit_pattern(self.unit)}"

    def read(self, groups: Mapping[str, str | None], name: str) -> Said:
        step = self.coarse_step if groups.get(f"{name}_about") else self.step
        return Said({self.field: float(groups[name] or 0)}, {self.field: step / 2 + self.slack})


@dataclass(frozen=True, slots=True)
class Speed:
    """A speed, to 0.1 m/s or 1 km/h."""

    field: str
    slack_mps: float

    def write(self, values: Mapping[str, Any], voice: Voice) -> str:
        speed_mps = values[self.field]
        if voice.speed_unit == "km/h":
            return f"{rounded(speed_mps * 3.6, 1.0)} km/h"
        return f"{speed_mps:.1f} m/s"

    def pattern(self, name: str) -> str:
        return f"(?P<{name}>{NUMBER}) (?P<{name}_unit>m/s|km/h)"

    def read(self, groups: Mapping[str, str | None], name: str) -> Said:
        number = float(groups[name] or 0)
        if groups[f"{name}_unit"] == "km/h":
            return Said({self.field: number / 3.6}, {self.field: 0.5 / 3.6 + self.slack_mps})
        return Said({self.field: number}, {self.field: 0.05 + self.slack_mps})


def with_unit(number: str, unit: str, voice: Voice) -> str:
    """Such as `2.5 m` or, where the voice writes units out, `1 metre`."""
    written_out = voice.written_out and unit in _WRITTEN_OUT
    word = _WRITTEN_OUT[unit] + ("" if number == "1" else "s") if written_out else unit
    return f"{number} {word}"


def unit_pattern(unit: str) -> str:
    """Matches all spellings of a unit."""
    return f"(?:{_WRITTEN_OUT[unit]}s?|{unit})" if unit in _WRITTEN_OUT else re.escape(unit)


_WRITTEN_OUT = {"m": "metre", "s": "second"}


def _any_of(words: tuple[str, ...]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
