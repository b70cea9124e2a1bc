"""Sentences with gaps that can be written and read."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from string import Formatter
from typing import Self

from llm_service.explaining.claims import Claim
from llm_service.explaining.wording.slots import Slot, Synonym
from llm_service.explaining.wording.voice import Style, Voice

SYNONYMS: Mapping[str, Synonym] = {
    "proposal": Synonym(("the proposal", "the plan", "the proposed path", "the planned path")),
    "correction": Synonym(("the correction", "the corrected path", "the corrected plan", "the answer")),
    "your_plan": Synonym(("your plan", "what you planned", "the way you planned it")),
}


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """A clause in lower case without a full stop, such as `{proposal} hits the {agent} after {time}`."""

    kind: type[Claim]
    text: str
    slots: Mapping[str, Slot]
    expression: re.Pattern[str]

    @classmethod
    def of(cls, kind: type[Claim], text: str, slots: Mapping[str, Slot]) -> Self:
        named = {name: slots[name] for _, name, _, _ in Formatter().parse(text) if name is not None}
        parts = [
            re.escape(literal) + ("" if name is None else named[name].pattern(name))
            for literal, name, _, _ in Formatter().parse(text)
        ]
        return cls(kind, text, named, re.compile("".join(parts)))

    def write(self, claim: Claim, voice: Voice) -> str:
        values = {field.name: getattr(claim, field.name) for field in fields(claim)}
        return self.text.format(**{name: slot.write(values, voice) for name, slot in self.slots.items()})

    def read(self, clause: str) -> "Reading | None":
        """The claim that a clause in lower case makes by this template, if it has its form."""
        match = self.expression.fullmatch(clause)
        if match is None:
            return None
        said = [slot.read(match.groupdict(), name) for name, slot in self.slots.items()]
        claim = self.kind(**_merged([part.values for part in said]))
        return Reading(claim, _merged([part.tolerances for part in said]), self)


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """A claim that a text makes, how far each of its numbers may be off, and the template that the text follows."""

    claim: Claim
    tolerances: Mapping[str, float]
    template: Template


@dataclass(frozen=True, slots=True, eq=False)
class Phrasing:
    """All templates of one kind of claim, by style."""

    kind: type[Claim]
    templates: Mapping[Style, tuple[Template, ...]]

    @classmethod
    def of(cls, kind: type[Claim], slots: Mapping[str, Slot], texts: Mapping[Style, tuple[str, ...]]) -> Self:
        gaps = {**SYNONYMS, **slots}
        return cls(kind, {style: tuple(Template.of(kind, text, gaps) for text in texts[style]) for style in Style})

    def write(self, claim: Claim, voice: Voice) -> str:
        templates = self.templates[voice.style]
        return templates[int(voice.random.integers(len(templates)))].write(claim, voice)


def _merged(mappings: list[Mapping[str, object]]) -> dict:
    return {key: value for mapping in mappings for key, value in mapping.items()}
