"""Scenes to tokens and detections: the path that every frame takes."""

import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from perception_service.boxes import agents_from_lidar_boxes
from perception_service.inference_options import CompileMode, InferenceOptions
from perception_service.models.bevfusion.bevfusion import BEVFusion, BevFusionOutputs
from perception_service.models.bevfusion.collate import collate
from perception_service.models.bevfusion.inputs import BevFusionInputs
from perception_service.models.bevfusion.transfusion_bbox_coder import LidarDetections
from perception_service.models.config import PerceptionConfig
from perception_service.models.inference import prepared_for_inference
from perception_service.models.perception_model import PerceptionModel
from perception_service.models.tokens.vector_inputs import VectorInputs, vector_inputs
from perception_service.ops.kernels import use_kernels
from perception_service.preprocessing import bevfusion_inputs
from perception_service.scene import EncodedScene, Scene
from waymend.agents import AgentBox
from waymend.vocabulary import CAMERA_NAMES, MODALITIES


@dataclass(frozen=True, slots=True, eq=False)
class PreprocessedScene:
    """A scene and what BEVFusion is given of it: a batch of one, in page-locked memory where a GPU will take it."""

    scene: Scene
    inputs: BevFusionInputs

    @property
    def views(self) -> tuple[int, ...]:
        """The cameras that it has, as indices into CAMERA_NAMES."""
        return tuple(CAMERA_NAMES.index(camera.name) for camera in self.scene.cameras)


class PerceptionPipeline:
    """Encodes batches of scenes.

    Args:
        model: Is copied; later changes to it have no effect.
        config: What the model was built from.
        device: Where the copy runs.
        options: Precision, compilation and kernels.
        modalities: Whose tokens are made; of others there are none.

    Raises:
        InvalidField: A kernel is not installed, or does not run on the device.
    """

    def __init__(
        self,
        model: PerceptionModel,
        config: PerceptionConfig,
        device: torch.device | str = "cpu",
        options: InferenceOptions | None = None,
        modalities: Collection[str] = MODALITIES,
    ) -> None:
        self.config = config
        self.device = torch.device(device)
        self._modalities = frozenset(modalities)
        self._model = prepared_for_inference(model).to(self.device)
        options = options or InferenceOptions()
        self._precision = getattr(torch, options.precision)
        use_kernels(self._model, self.device, options.sparse_conv_kernel, options.pool_kernel)
        if options.compile_mode != "none":
            _compile(self._model, options.compile_mode)

    def encode(self, scene: Scene) -> EncodedScene:
        """`preprocess` and `encode_batch` of one scene."""
        (encoded,) = self.encode_batch([self.preprocess(scene)])
        return encoded

    def preprocess(self, scene: Scene, threads: Executor | None = None) -> PreprocessedScene:
        """Images and points as the network wants them; may be called from several threads at once.

        Args:
            scene: A decoded scene.
            threads: Scale the images side by side.
        """
        inputs = bevfusion_inputs(scene, self.config, threads)
        return PreprocessedScene(scene, inputs.pin_memory() if self.device.type == "cuda" else inputs)

    @property
    def detector(self) -> BEVFusion:
        """The detector as it runs: in evaluation mode, normalisations folded, on the device."""
        return self._model.bevfusion

    def encode_batch(self, batch: Sequence[PreprocessedScene]) -> list[EncodedScene]:
        """Detections and tokens of each scene; agents that a scene does not give are taken from its detections.

        Call it from one thread. Scenes that have the same cameras run together, and `stage_ms` is their common time.
        """
        alike: dict[tuple[int, ...], list[int]] = {}
        for index, item in enumerate(batch):
            alike.setdefault(item.views, []).append(index)
        encoded: dict[int, EncodedScene] = {}
        for views, indices in alike.items():
            encoded.update(zip(indices, self._encode_alike([batch[index] for index in indices], views), strict=True))
        return [encoded[index] for index in range(len(batch))]

    def token_features(self, inputs: BevFusionInputs) -> tuple[Tensor, Tensor]:
        """Image and BEV features that tokens are made of, for a batch on the device; see `PerceptionModel`."""
        return self._model.token_features(inputs)

    @torch.inference_mode()
    def _encode_alike(self, batch: Sequence[PreprocessedScene], views: tuple[int, ...]) -> list[EncodedScene]:
        started = time.perf_counter()
        scenes = [item.scene for item in batch]
        with self._autocast():
            inputs = collate([item.inputs for item in batch]).to(self.device)
            outputs = self._model.bevfusion(inputs)
            detections = self._detections(scenes, outputs)
            detected = time.perf_counter()
            agents = [self._agents(scene, boxes) for scene, boxes in zip(scenes, detections, strict=True)]
            tokens = self._tokens(scenes, agents, inputs, outputs, views)
        finished = time.perf_counter()
        return [
            EncodedScene(
                *tokens_of_scene,
                detections=boxes,
                agents=agents_of_scene,
                agents_given=scene.agents is not None,
                stage_ms={"bevfusion": (detected - started) * 1e3, "tokens": (finished - detected) * 1e3},
            )
            for scene, boxes, agents_of_scene, tokens_of_scene in zip(scenes, detections, agents, tokens, strict=True)
        ]

    def _autocast(self) -> torch.autocast:
        return torch.autocast(self.device.type, self._precision, enabled=self._precision != torch.float32)

    def _detections(self, scenes: Sequence[Scene], outputs: BevFusionOutputs) -> list[tuple[AgentBox, ...]]:
        detected: list[LidarDetections] = self._model.bevfusion.bbox_head.predict(outputs.head)
        return [
            agents_from_lidar_boxes(
                boxes.boxes_lidar.cpu().numpy(),
                boxes.labels.cpu().numpy(),
                boxes.scores.cpu().numpy(),
                scene.ego_from_lidar,
            )
            for scene, boxes in zip(scenes, detected, strict=True)
        ]

    def _agents(self, scene: Scene, detections: tuple[AgentBox, ...]) -> tuple[AgentBox, ...]:
        if scene.agents is not None:
            return scene.agents
        return tuple(box for box in detections if box.score >= self.config.agent_score_threshold)

    def _tokens(
        self,
        scenes: Sequence[Scene],
        agents: Sequence[tuple[AgentBox, ...]],
        inputs: BevFusionInputs,
        outputs: BevFusionOutputs,
        views: tuple[int, ...],
    ) -> list[tuple[NDArray[np.float16], ...]]:
        """Image, BEV and vector tokens of each scene."""
        nothing = [np.zeros((0, self.config.tokens["width"]), np.float16)] * len(scenes)
        makers: dict[str, Callable[[], Sequence[NDArray[np.float16]]]] = {
            "image": lambda: self._image_tokens(inputs, outputs, views),
            "bev": lambda: list(_as_float16(self._model.bev_tokens(outputs.bev_features))),
            "vector": lambda: self._vector_tokens(scenes, agents),
        }
        made = [makers[name]() if name in self._modalities else nothing for name in MODALITIES]
        return list(zip(*made, strict=True))

    def _image_tokens(
        self, inputs: BevFusionInputs, outputs: BevFusionOutputs, views: tuple[int, ...]
    ) -> list[NDArray[np.float16]]:
        features = self._model.token_image_features(inputs.images, outputs.image_features)
        return list(_as_float16(self._model.image_tokens(features, views)))

    def _vector_tokens(
        self, scenes: Sequence[Scene], agents: Sequence[tuple[AgentBox, ...]]
    ) -> list[NDArray[np.float16]]:
        inputs = VectorInputs.collate([self._vectors(*scene) for scene in zip(scenes, agents, strict=True)])
        vector, mask = self._model.vector_tokens(inputs.to(self.device))
        return [tokens[real] for tokens, real in zip(_as_float16(vector), mask.cpu().numpy(), strict=True)]

    def _vectors(self, scene: Scene, agents: tuple[AgentBox, ...]) -> VectorInputs:
        encoder = self._model.vector_tokens
        return vector_inputs(
            scene.ego_state,
            scene.ego_history,
            agents,
            scene.map.polylines if scene.map else (),
            max_agents=encoder.max_agents,
            max_polylines=encoder.max_polylines,
        )


def _compile(model: PerceptionModel, mode: CompileMode) -> None:
    """Compiles the dense parts but for `pts_neck`, whose numpy strides torch cannot trace."""
    detector = model.bevfusion
    for part in (detector.img_backbone, detector.img_neck, detector.fusion_layer, detector.pts_backbone):
        part.compile(mode=mode)


def _as_float16(tokens: Tensor) -> NDArray[np.float16]:
    largest = torch.finfo(torch.float16).max
    return tokens.clamp(-largest, largest).half().cpu().numpy()
