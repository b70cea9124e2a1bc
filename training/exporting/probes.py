"""Made-up scenes and proposals, on which two forms of a model are compared."""

from dataclasses import fields
from typing import Any

import numpy as np
import torch

from llm_service.modeling.configuration import TrajectoryLlamaConfig
from llm_service.modeling.plan_features import plan_features
from llm_service.modeling.special_tokens import MODALITIES as PROMPT_MODALITIES
from perception_service.models.config import PerceptionConfig
from perception_service.models.tokens.vector_inputs import VectorInputs, vector_inputs
from waymend.agents import AgentBox, Polyline
from waymend.trajectory import EgoState
from waymend.vocabulary import CAMERA_NAMES, COMMANDS, MODALITIES, OBJECT_CLASSES

_STEP_MPS = (2.0, 0.0)
_LANES_Y_M = (-3.5, 0.0, 3.5)


def probe_batch(llm: TrajectoryLlamaConfig, perception: PerceptionConfig, seed: int) -> dict[str, Any]:
    """One sample of the corrector's batch: random features, a few agents, a street, a random proposal; no words.

    Args:
        llm, perception: Configurations of both halves.
        seed: Equal seeds give equal batches.
    """
    rng, random = np.random.default_rng(seed), torch.Generator().manual_seed(seed)
    state = EgoState(rng.uniform(0, 15), rng.uniform(-2, 2), rng.uniform(-0.2, 0.2))
    proposal_m = np.cumsum(rng.normal(_STEP_MPS, 0.5, (llm.num_waypoints, 2)), axis=0)
    plan = plan_features(proposal_m, llm.step_s, state, COMMANDS[seed % len(COMMANDS)])
    vector = _vectors(rng, state, perception)
    image, bev = perception.tokens["image"], perception.tokens["bev"]
    ids = _prompt_ids(llm, perception, vector, len(plan))
    return {
        "input_ids": ids[None],
        "attention_mask": torch.ones_like(ids)[None],
        "plan": torch.from_numpy(plan)[None],
        "modality_present": torch.ones(1, len(MODALITIES), dtype=torch.bool),
        "vector": {field.name: getattr(vector, field.name) for field in fields(vector)},
        "image_features": torch.randn(
            1, len(CAMERA_NAMES), image["in_channels"], *image["feature_size"], generator=random
        ),
        "bev_features": torch.randn(1, bev["in_channels"], *bev["pooled_size"], generator=random),
    }


def _prompt_ids(
    llm: TrajectoryLlamaConfig, perception: PerceptionConfig, vector: VectorInputs, plan_tokens: int
) -> torch.Tensor:
    """Placeholders of every modality, then `<|traj|>`."""
    tokens = perception.tokens
    counts = {
        "image": len(CAMERA_NAMES) * tokens["image"]["tokens_per_camera"],
        "bev": tokens["bev"]["tokens"],
        "vector": 1 + int(vector.agent_mask.sum()) + int(vector.polyline_mask.sum()),
        "plan": plan_tokens,
    }
    placeholder_ids = dict(llm.modality_token_ids)  # ty: ignore[no-matching-overload]
    ids = [placeholder_ids[name] for name in PROMPT_MODALITIES for _ in range(counts[name])]
    return torch.tensor([*ids, llm.traj_token_id])


def _vectors(rng: np.random.Generator, state: EgoState, perception: PerceptionConfig) -> VectorInputs:
    agents = [
        AgentBox("", OBJECT_CLASSES[int(rng.integers(len(OBJECT_CLASSES)))], (x, y, 0.8), 4.5, 1.9, 1.6, 0.0)
        for x, y in rng.uniform(-30, 30, (int(rng.integers(1, 6)), 2)).tolist()
    ]
    lanes = [Polyline("lane_centerline", np.array([[-20, y], [40, y]], np.float32)) for y in _LANES_Y_M]
    limits = perception.tokens["vector"]
    history = np.array([[0.5, -0.5 * state.speed_mps, 0.0, 0.0]])
    return vector_inputs(state, history, agents, lanes, max_agents=limits["agents"], max_polylines=limits["polylines"])
