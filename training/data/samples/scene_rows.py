"""All rows of one scene, ready to be written."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, Literal

import numpy as np
from nuscenes.nuscenes import NuScenes

from training.data.samples.conversation_rows import conversation_rows
from training.data.samples.keyframe import Keyframe
from training.data.samples.keyframe_rows import Row, keyframe_from_row, keyframe_row
from training.data.samples.scene_keyframes import keyframes_of_scene
from training.data.samples.summary import STATIC_KEYFRAME_M
from waymend.errors import InvalidField
from waymend.trajectory import Horizon

OnError = Literal["skip", "stop"]
_UNREADABLE = (KeyError, IndexError, OSError, ValueError, AssertionError)
"""What nuscenes-devkit and the readers raise on missing or broken records and files."""


@dataclass(frozen=True, slots=True)
class SceneRows:
    """Rows of a scene, or why it has none.

    Attributes:
        scene_name: Of the scene.
        keyframes: Rows of `KEYFRAME_SCHEMA`.
        conversations: Rows of `CONVERSATION_SCHEMA`.
        skipped_samples: Samples that are no key frames, by reason.
        static: Whether the ego vehicle stands through the scene.
        static_keyframes: How many futures stand.
        failure: Why the scene could not be read; None where it could.
    """

    scene_name: str
    keyframes: tuple[Row, ...] = ()
    conversations: tuple[Row, ...] = ()
    skipped_samples: Mapping[str, int] | None = None
    static: bool = False
    static_keyframes: int = 0
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class ReadingOptions:
    """What is made of a scene.

    Attributes:
        horizon: Of futures and proposals.
        seed: Of proposals and wording.
        on_error: What to do about a scene that cannot be read.
        conversations: Whether there are any; without them there are key frames alone.
    """

    horizon: Horizon
    seed: int
    on_error: OnError = "stop"
    conversations: bool = True


def scene_reader(nuscenes: NuScenes, options: ReadingOptions, workers: int) -> Callable[[str], SceneRows]:
    """A function from a scene's token to its rows; with several workers, one that each process can be given."""
    if workers == 1:
        return partial(_read, nuscenes, options)
    return partial(_read_opened, nuscenes.version, nuscenes.dataroot, options)


def _read_opened(version: str, dataroot: str, options: ReadingOptions, scene_token: str) -> SceneRows:
    return _read(_opened(version, dataroot), options, scene_token)


@lru_cache(maxsize=1)
def _opened(version: str, dataroot: str) -> NuScenes:
    return NuScenes(version, dataroot, verbose=False)


def _read(nuscenes: NuScenes, options: ReadingOptions, scene_token: str) -> SceneRows:
    scene = nuscenes.get("scene", scene_token)
    try:
        return _rows(nuscenes, options, scene)
    except _UNREADABLE as error:
        if options.on_error == "stop":
            raise InvalidField(f"scene.{scene['name']}", "records and files that can be read", reason(error)) from error
        return SceneRows(scene["name"], failure=reason(error))


def reason(error: Exception) -> str:
    """The error in a line; a KeyError names nothing but the key that is missing."""
    return f"no record {error}" if isinstance(error, KeyError) else f"{error}"


def _rows(nuscenes: NuScenes, options: ReadingOptions, scene: Mapping[str, Any]) -> SceneRows:
    read = keyframes_of_scene(nuscenes, scene, options.horizon)
    keyframes = tuple(keyframe_row(keyframe) for keyframe in read.keyframes)
    stored = [keyframe_from_row(row) for row in keyframes]
    return SceneRows(
        scene_name=scene["name"],
        keyframes=keyframes,
        conversations=tuple(_conversations(stored, options)) if options.conversations else (),
        skipped_samples=Counter(read.skipped),
        static=read.static,
        static_keyframes=sum(bool(np.hypot(*one.future_ego_m[-1]) < STATIC_KEYFRAME_M) for one in stored),
    )


def _conversations(keyframes: Iterable[Keyframe], options: ReadingOptions) -> Iterator[Row]:
    for keyframe in keyframes:
        yield from conversation_rows(keyframe, options.horizon, options.seed)
