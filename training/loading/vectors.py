"""What the vector encoder is given of each key frame."""

from dataclasses import dataclass, replace

from datasets import Dataset

from perception_service.models.config import PerceptionConfig
from perception_service.models.tokens.vector_inputs import VectorInputs, vector_inputs
from training.data.samples.keyframe import Keyframe
from training.data.samples.keyframe_rows import keyframe_from_row
from training.data.samples.seeds import stream
from waymend.errors import InvalidField

_MOST_KEPT = 4096
"""About 30 kB each."""


@dataclass(frozen=True, slots=True)
class StopLineDropout:
    """Hides the stop lines of some scenes, so that a model learns to wait without them. Seed and scene decide.

    Attributes:
        share: Of the scenes.
        seed: Of the draws.
    """

    share: float = 0.0
    seed: int = 0

    def __call__(self, keyframe: Keyframe) -> Keyframe:
        """The key frame as it is told."""
        road_map = keyframe.road_map
        if road_map is None or stream(self.seed, keyframe.scene_name).random() >= self.share:
            return keyframe
        told = tuple(line for line in road_map.polylines if line.kind != "stop_line")
        return replace(keyframe, road_map=replace(road_map, polylines=told))


class KeyframeVectors:
    """Vector inputs by sample token; the first 4096 that are asked for are kept."""

    def __init__(
        self,
        keyframes: Dataset,
        config: PerceptionConfig,
        stop_lines: StopLineDropout = StopLineDropout(),
    ) -> None:
        self._keyframes = keyframes
        self._row_of = {token: row for row, token in enumerate(keyframes["sample_token"])}
        self._config = config
        self._stop_lines = stop_lines
        self._kept: dict[str, VectorInputs] = {}

    def __getitem__(self, sample_token: str) -> VectorInputs:
        """A batch of one frame.

        Raises:
            InvalidField: There is no such key frame.
        """
        if sample_token in self._kept:
            return self._kept[sample_token]
        inputs = vectors_of(self._stop_lines(self.keyframe(sample_token)), self._config)
        if len(self._kept) < _MOST_KEPT:
            self._kept[sample_token] = inputs
        return inputs

    def keyframe(self, sample_token: str) -> Keyframe:
        """The key frame itself; raises InvalidField where there is none."""
        if sample_token not in self._row_of:
            raise InvalidField("sample_token", "one of the key frames of the same split", sample_token)
        return keyframe_from_row(self._keyframes[self._row_of[sample_token]])


def vectors_of(keyframe: Keyframe, config: PerceptionConfig) -> VectorInputs:
    """A batch of one, as serving makes it; there, the ages of past poses are positive."""
    history = keyframe.history_ego.copy()
    history[:, 0] *= -1.0
    limits = config.tokens["vector"]
    return vector_inputs(
        keyframe.ego_state,
        history,
        keyframe.agents,
        keyframe.road_map.polylines if keyframe.road_map else (),
        max_agents=limits["agents"],
        max_polylines=limits["polylines"],
    )


def token_count(inputs: VectorInputs) -> int:
    """Vector tokens that one frame makes: the ego vehicle's, then one per agent and polyline."""
    return 1 + int(inputs.agent_mask.sum()) + int(inputs.polyline_mask.sum())
