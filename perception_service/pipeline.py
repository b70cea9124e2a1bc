"""Scene to tokens and detections: the path that every frame takes."""

import time

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from perception_service.boxes import agents_from_lidar_boxes
from perception_service.models.bevfusion.bevfusion import BevFusionOutputs
from perception_service.models.config import PerceptionConfig
from perception_service.models.inference import prepared_for_inference
from perception_service.models.perception_model import PerceptionModel
from perception_service.models.tokens.vector_inputs import vector_inputs
from perception_service.preprocessing import bevfusion_inputs
from perception_service.scene import EncodedScene, Scene
from waymend.agents import AgentBox
from waymend.geometry import Pose


class PerceptionPipeline:
    """Encodes one scene at a time; call it from one thread.

    Args:
        model: Is copied; later changes to it have no effect.
        config: What the model was built from.
        device: Where the copy runs.
    """

    def __init__(self, model: PerceptionModel, config: PerceptionConfig, device: torch.device | str = "cpu") -> None:
        self.config = config
        self.device = torch.device(device)
        self._model = prepared_for_inference(model).to(self.device)

    @torch.inference_mode()
    def encode(self, scene: Scene) -> EncodedScene:
        """Detections and tokens of a scene; agents that the scene does not give are taken from the detections."""
        started = time.perf_counter()
        outputs, detections = self._detect(scene)
        detected = time.perf_counter()
        agents = self._confident(detections) if scene.agents is None else scene.agents
        image, bev, vector = self._tokens(scene, agents, outputs)
        finished = time.perf_counter()
        return EncodedScene(
            image_tokens=image,
            bev_tokens=bev,
            vector_tokens=vector,
            detections=detections,
            agents=agents,
            agents_given=scene.agents is not None,
            stage_ms={"bevfusion": (detected - started) * 1e3, "tokens": (finished - detected) * 1e3},
        )

    def _detect(self, scene: Scene) -> tuple[BevFusionOutputs, tuple[AgentBox, ...]]:
        inputs = bevfusion_inputs(scene, self.config).to(self.device)
        outputs = self._model.bevfusion(inputs)
        return outputs, self._detections(outputs, scene.ego_from_lidar)

    def _detections(self, outputs: BevFusionOutputs, ego_from_lidar: Pose) -> tuple[AgentBox, ...]:
        (detected,) = self._model.bevfusion.bbox_head.predict(outputs.head)
        return agents_from_lidar_boxes(
            detected.boxes_lidar.cpu().numpy(),
            detected.labels.cpu().numpy(),
            detected.scores.cpu().numpy(),
            ego_from_lidar,
        )

    def _confident(self, detections: tuple[AgentBox, ...]) -> tuple[AgentBox, ...]:
        return tuple(box for box in detections if box.score >= self.config.agent_score_threshold)

    def _tokens(
        self, scene: Scene, agents: tuple[AgentBox, ...], outputs: BevFusionOutputs
    ) -> tuple[NDArray[np.float16], NDArray[np.float16], NDArray[np.float16]]:
        encoder = self._model.vector_tokens
        vectors = vector_inputs(
            scene.ego_state,
            scene.ego_history,
            agents,
            scene.map.polylines if scene.map else (),
            max_agents=encoder.max_agents,
            max_polylines=encoder.max_polylines,
        )
        vector_tokens, _ = encoder(vectors.to(self.device))
        image_tokens = self._model.image_tokens(outputs.image_features)
        bev_tokens = self._model.bev_tokens(outputs.bev_features)
        return _as_float16(image_tokens), _as_float16(bev_tokens), _as_float16(vector_tokens)


def _as_float16(tokens: Tensor) -> NDArray[np.float16]:
    """The tokens [n, width] of a batch of one frame."""
    largest = torch.finfo(torch.float16).max
    return tokens[0].clamp(-largest, largest).half().cpu().numpy()
