"""What is evaluated."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.data.samples.keyframe import Keyframe


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A proposal in a key frame.

    Attributes:
        keyframe: The moment, with where the vehicle truly went.
        split: Of the build that the key frame is in.
        kind: How the proposal was made; `given` where it comes from a file.
        proposal_ego_m: float64 [T, 2], metres, ego frame.
    """

    keyframe: Keyframe
    split: str
    kind: str
    proposal_ego_m: NDArray[np.float64]

    @property
    def sample_token(self) -> str:
        return self.keyframe.sample_token

    @property
    def truth_ego_m(self) -> NDArray[np.float64]:
        """float64 [T, 2], where the vehicle truly went."""
        return self.keyframe.future_ego_m


@dataclass(frozen=True, slots=True)
class CaseSet:
    """All cases of an evaluation; those of a key frame follow each other.

    Attributes:
        cases: At least one.
        missing_tokens: Samples of the proposals file that the data lacks.
        given_tokens: How many samples that file has; 0 without a file.
        keyframes_without_proposal: Key frames of the splits for which that file has none; 0 without a file.
        splits: Where cases were looked for.
    """

    cases: tuple[Case, ...]
    missing_tokens: tuple[str, ...]
    given_tokens: int
    keyframes_without_proposal: int
    splits: tuple[str, ...]

    @property
    def keyframes(self) -> tuple[Keyframe, ...]:
        """The moments of the cases, each once, in order."""
        return tuple({case.sample_token: case.keyframe for case in self.cases}.values())
