"""The same model with a part of its input taken away.

The vehicle's own motion reaches the model twice: in the plan features and in the first vector token. What is taken away
is taken away in both or in neither, so that each control says one thing:

- shuffled perception: images, BEV, agents and lanes of another sample, the motion of its own;
- zeroed perception: all scene tokens zero, but for a first vector token made of the motion alone;
- without ego state: speed, acceleration and yaw rate 0 and no past poses; images, BEV, agents and lanes of its own.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch

from perception_service.models.perception_model import PerceptionModel
from perception_service.models.tokens.vector_inputs import vector_inputs
from training.data.samples.keyframe import Keyframe
from training.evaluating.answering.reference import ModelInput
from training.evaluating.answering.sample_encoder import SampleTokens, Vectors
from training.evaluating.case import Case
from waymend.trajectory import EgoState

TokensOf = Callable[[str], SampleTokens]


class PerceptionAblations:
    """Makes the model's inputs.

    Args:
        perception: Makes vector tokens anew where its inputs are changed.
        tokens_of: What was encoded of a sample; raises InvalidField where that cannot be had.
        other_of: Whose perception a sample gets when shuffled.
    """

    def __init__(self, perception: PerceptionModel, tokens_of: TokensOf, other_of: Mapping[str, str]) -> None:
        self._perception, self._tokens_of, self._other_of = perception.eval(), tokens_of, other_of

    def untouched(self, case: Case) -> ModelInput:
        """As it is served."""
        return ModelInput(self._tokens_of(case.sample_token).tokens, case.keyframe.ego_state)

    def shuffled(self, case: Case) -> ModelInput:
        """With another sample's surroundings."""
        own, other = self._tokens_of(case.sample_token), self._tokens_of(self._other_of[case.sample_token])
        vectors = replace(other.vectors, ego_state=own.vectors.ego_state, ego_history=own.vectors.ego_history)
        return ModelInput({**other.tokens, "vector": self._vector_tokens(vectors)}, case.keyframe.ego_state)

    def zeroed(self, case: Case) -> ModelInput:
        """With no surroundings, and as many tokens as before."""
        own = self._tokens_of(case.sample_token)
        alone = replace(own.vectors, agents=(), polylines=())
        tokens = {name: torch.zeros_like(values) for name, values in own.tokens.items()}
        tokens["vector"][0] = self._vector_tokens(alone)[0]
        return ModelInput(tokens, case.keyframe.ego_state)

    def without_ego_state(self, case: Case) -> ModelInput:
        """With the motion of a vehicle that stands and never moved."""
        own = self._tokens_of(case.sample_token)
        vectors = replace(own.vectors, ego_state=EgoState(0.0), ego_history=np.zeros((0, 4)))
        return ModelInput({**own.tokens, "vector": self._vector_tokens(vectors)}, EgoState(0.0))

    @torch.inference_mode()
    def _vector_tokens(self, vectors: Vectors) -> torch.Tensor:
        """Real tokens float16 [N, width] of one frame."""
        encoder = self._perception.vector_tokens
        inputs = vector_inputs(
            vectors.ego_state,
            vectors.ego_history,
            vectors.agents,
            vectors.polylines,
            max_agents=encoder.max_agents,
            max_polylines=encoder.max_polylines,
        )
        values, mask = encoder(inputs)
        return values[0][mask[0]].half()


def others(keyframes: Sequence[Keyframe], seed: int) -> dict[str, str]:
    """Another sample for each of at least two, all different; of another scene unless one has more than half of them.

    With scenes laid end to end, everybody looks the same number of samples further on.
    """
    ordered = sorted(keyframes, key=lambda keyframe: keyframe.scene_name)
    tokens = [keyframe.sample_token for keyframe in ordered]
    scenes = [keyframe.scene_name for keyframe in ordered]
    longest = max(scenes.count(name) for name in set(scenes))
    if 2 * longest <= len(tokens):
        shift = int(np.random.default_rng(seed).integers(longest, len(tokens) - longest + 1))
    else:
        shift = len(tokens) // 2
    return {token: tokens[(index + shift) % len(tokens)] for index, token in enumerate(tokens)}
