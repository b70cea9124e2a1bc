"""What a motion prior may know of a scene: the first vector token, which has seen all others."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from perception_service.bundle import WEIGHTS_FILE, load_perception_model
from training.data.samples.keyframe import Keyframe
from training.loading.vectors import StopLineDropout, vectors_of

_UNKNOWN = 0.1
"""Share of the plans that are told without their scene, so that the networks do without it where it is not known."""


class SceneTokens:
    """Makes the token of one key frame after the other, as a perception half serves it.

    Args:
        perception: Directory of the perception half.
        stop_lines: Which scenes' stop lines are hidden.
        seed: Of the plans that are told without their scene.

    Attributes:
        width: Of a token.

    Raises:
        InvalidField: The directory holds no perception half.
        OSError: A file cannot be read.
    """

    def __init__(self, perception: Path, stop_lines: StopLineDropout, seed: int) -> None:
        model = load_perception_model(perception / WEIGHTS_FILE)
        self._config, self._encoder = model.config, model.vector_tokens.eval()
        self.width: int = model.config.tokens["width"]
        self._stop_lines, self._random = stop_lines, np.random.default_rng(seed)

    @torch.inference_mode()
    def behind(self, told: Sequence[NDArray[np.float32]], keyframe: Keyframe) -> list[NDArray[np.float32]]:
        """The numbers of plans about a key frame [F], each with its token or zeros behind it: [F + width]."""
        tokens, _ = self._encoder(vectors_of(self._stop_lines(keyframe), self._config))
        token = tokens[0, 0].half().float().numpy()
        known = self._random.random(len(told)) >= _UNKNOWN
        return [np.concatenate((numbers, token * is_known)) for numbers, is_known in zip(told, known, strict=True)]
