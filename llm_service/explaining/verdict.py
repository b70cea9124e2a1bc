"""What a check found."""

from dataclasses import dataclass

from llm_service.explaining.claims import Claim


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a text says.

    Attributes:
        text: Where it says it.
        claim: What it says; None for a reason given, which is about the two clauses beside it.
        fact: What the scene has in support.
        holds: Whether it is so.
        why: In words for people, also what the scene has instead.
    """

    text: str
    claim: Claim | None
    fact: Claim | None
    holds: bool
    why: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """All findings in the order of the text, and the parts of it that could not be read."""

    findings: tuple[Finding, ...]
    not_understood: tuple[str, ...]

    @property
    def faithful(self) -> bool:
        """Something is said, every part of it is understood, and all of it is so."""
        return bool(self.findings) and not self.not_understood and all(finding.holds for finding in self.findings)
