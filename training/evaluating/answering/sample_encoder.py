"""Key frames through perception, each once."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from nuscenes.nuscenes import NuScenes

from llm_service.correction.received_scene import ReceivedScene
from llm_service.verifier import PreparedScene
from perception_service.convert.nuscenes_sample import frame_from_sample
from perception_service.pipeline import PerceptionPipeline
from training.serving.local_service import decoded, received
from waymend.agents import AgentBox, Polyline
from waymend.bundle import Contract
from waymend.errors import InvalidField
from waymend.frames import FrameDirectory
from waymend.trajectory import EgoState


@dataclass(frozen=True, slots=True, eq=False)
class Vectors:
    """What the vector tokens of a sample are made of; `ego_history` as of `vector_inputs`."""

    ego_state: EgoState | None
    ego_history: NDArray[np.float64]
    agents: Sequence[AgentBox]
    polylines: Sequence[Polyline]


@dataclass(frozen=True, slots=True, eq=False)
class SampleTokens:
    """What the language model is given of a sample.

    Attributes:
        tokens: float16 [N, width] by modality, as they travel between the services.
        vectors: What the vector tokens were made of.
        prepared: What the verifier is given.
    """

    tokens: Mapping[str, torch.Tensor]
    vectors: Vectors
    prepared: PreparedScene


@dataclass(frozen=True, slots=True, eq=False)
class EncodedSample:
    """A sample as the language model's service receives it, and the time that perception took."""

    received: ReceivedScene
    kept: SampleTokens
    perception_ms: float


class SampleEncoder:
    """Reads and encodes samples, and keeps their tokens (about 0.2 MB each) for other uses.

    Args:
        nuscenes: The data set.
        pipeline, contract: Of the bundle.
    """

    def __init__(self, nuscenes: NuScenes, pipeline: PerceptionPipeline, contract: Contract) -> None:
        self._nuscenes, self._pipeline, self._contract = nuscenes, pipeline, contract
        self.kept: dict[str, SampleTokens] = {}

    def frame(self, sample_token: str) -> FrameDirectory:
        """The sample's sensors, annotations and map.

        Raises:
            InvalidField: A sensor or file of it is missing or broken.
        """
        try:
            return frame_from_sample(self._nuscenes, sample_token)
        except OSError as error:
            raise InvalidField(f"sample.{sample_token}", "readable sensor files", error) from None

    def encode(self, sample_token: str) -> EncodedSample:
        """The sample through perception; raises InvalidField as `frame`."""
        scene = decoded(self.frame(sample_token))
        started_s = time.perf_counter()
        there = received(self._pipeline, scene, self._contract)
        perception_ms = (time.perf_counter() - started_s) * 1e3
        vectors = Vectors(
            scene.ego_state,
            scene.ego_history,
            there.embedding.agents,
            scene.map.polylines if scene.map else (),
        )
        self.kept[sample_token] = SampleTokens(there.tokens, vectors, there.prepared)
        return EncodedSample(there, self.kept[sample_token], perception_ms)

    def tokens(self, sample_token: str) -> SampleTokens:
        """Of a sample that is encoded now if it was not yet; raises InvalidField as `frame`."""
        return self.kept[sample_token] if sample_token in self.kept else self.encode(sample_token).kept
