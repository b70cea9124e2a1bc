"""Who answers cases."""

from collections.abc import Collection, Sequence
from typing import Protocol

from training.evaluating.case import Case
from training.evaluating.outcome import Outcome

EXPLANATION_TOKENS = 128
"""Most tokens of an explanation, as the service's default."""


class CaseAnswerer(Protocol):
    """Corrects proposals."""

    def answer(self, cases: Sequence[Case], explained: Collection[int]) -> list[Outcome]:
        """What comes of the cases of one key frame; what goes wrong is an outcome, not an error.

        Args:
            cases: All of the same sample.
            explained: Which of them, as indices, are explained too.
        """
        ...
