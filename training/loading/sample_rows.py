"""The rows of a split, and fewer of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from datasets import Dataset

from training.data.samples.loading import load_conversations, load_keyframes
from training.data.samples.splits import split_scenes
from waymend.errors import InvalidField


@dataclass(frozen=True, slots=True, eq=False)
class SampleRows:
    """Conversations, and the key frames that they are about.

    Attributes:
        conversations: Rows of `CONVERSATION_SCHEMA`.
        keyframes: Rows of `KEYFRAME_SCHEMA`; may hold more than are needed.
    """

    conversations: Dataset
    keyframes: Dataset

    def __len__(self) -> int:
        """Number of conversations."""
        return len(self.conversations)

    @property
    def sample_tokens(self) -> tuple[str, ...]:
        """The key frames that are talked about, each once, in order."""
        return tuple(dict.fromkeys(self.conversations["sample_token"]))

    def limited(self, max_samples: int | None, seed: int) -> Self:
        """At most `max_samples` conversations, drawn with a seed from all of the split and kept in order.

        Raises:
            InvalidField: Fewer than one is wanted.
        """
        if max_samples is None or max_samples >= len(self):
            return self
        if max_samples < 1:
            raise InvalidField("max_samples", "at least 1", max_samples)
        drawn = np.random.default_rng(seed).choice(len(self), max_samples, replace=False)
        return self._selected(np.sort(drawn).tolist())

    def every(self, stride: int) -> Self:
        """The conversations about every so many key frames of each scene, from its first one on."""
        if stride == 1:
            return self
        numbers: dict[str, dict[str, int]] = {}
        for scene, token in zip(self.conversations["scene_name"], self.conversations["sample_token"], strict=True):
            of_scene = numbers.setdefault(scene, {})
            of_scene.setdefault(token, len(of_scene))
        kept = {token for of_scene in numbers.values() for token, number in of_scene.items() if number % stride == 0}
        return self._selected([i for i, token in enumerate(self.conversations["sample_token"]) if token in kept])

    def split_off(self, val_size: float, seed: int) -> tuple[Self, Self]:
        """Training and evaluation rows: whole scenes, so that no frame has a neighbour on the other side.

        Args:
            val_size: Share of the scenes to evaluate on; from 1 on, about how many conversations.
            seed: Chooses the scenes.

        Raises:
            InvalidField: A size that leaves nothing to train on, or only one scene.
        """
        scenes = list(dict.fromkeys(self.conversations["scene_name"]))
        share = val_size if val_size < 1 else val_size / len(self)
        if not 0 < share < 1:
            raise InvalidField("val_size", f"a share above 0 and below 1, or fewer than {len(self)} samples", val_size)
        if len(scenes) < 2:
            raise InvalidField("val_size", "0 where there is one scene: splits are by scene", val_size)
        chosen = split_scenes({scene: scene for scene in scenes}, seed, (1 - share, share, 0))
        return self._of_scenes(chosen["train"]), self._of_scenes(chosen["val"])

    def _of_scenes(self, scenes: Sequence[str]) -> Self:
        wanted = set(scenes)
        return self._selected([i for i, name in enumerate(self.conversations["scene_name"]) if name in wanted])

    def _selected(self, indices: list[int]) -> Self:
        return type(self)(self.conversations.select(indices), self.keyframes)


def read_rows(directory: Path, split: str) -> SampleRows:
    """All rows of a split.

    Args:
        directory: That `training data build` wrote.
        split: train, val or test.

    Raises:
        InvalidField: There is no such split.
    """
    conversations, keyframes = load_conversations(directory, split), load_keyframes(directory, split)
    if not isinstance(conversations, Dataset) or not isinstance(keyframes, Dataset):
        raise InvalidField("directory", "rows that are not streamed", directory)
    return SampleRows(conversations, keyframes)
