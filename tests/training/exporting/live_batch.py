"""A frame, a proposal in it, and the trained corrector's batch of both."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from typing import Any

import numpy as np
import torch
from transformers import PreTrainedTokenizerFast

from llm_service.modeling.plan_features import plan_features
from llm_service.prompt import PromptBuilder, expand_placeholders
from perception_service.limits import FrameLimits
from perception_service.models.tokens.vector_inputs import vector_inputs
from perception_service.preprocessing import bevfusion_inputs
from perception_service.wire.decode import decode_frame
from tests.end_to_end.requests import correction
from training.loading.vectors import token_count
from training.modeling.corrector import Corrector
from waymend.frames import FrameDirectory
from waymend.trajectory import EgoState
from waymend.vocabulary import MODALITIES

PROPOSAL_M = np.array([[4.5 * k, -1.5 * k] for k in range(1, 7)])
"""Leaves the road, so that no correction by the little that was trained is worse."""
EGO_STATE = EgoState(**correction()["ego_state"])
COMMAND = "left"


def live_batch(frame: FrameDirectory, trained: Corrector, tokenizer: PreTrainedTokenizerFast) -> dict[str, Any]:
    """One sample with live sensors, from the frame as the service decodes it, of the modalities that were trained."""
    config, enabled = trained.perception.config, trained.settings.modalities
    with ThreadPoolExecutor(1) as decoder:
        scene = decode_frame(frame.message(), FrameLimits(), decoder)
    limits = config.tokens["vector"]
    vector = vector_inputs(
        EgoState(**frame.description.ego_state.model_dump()),
        scene.ego_history,
        scene.agents,
        scene.map.polylines,
        max_agents=limits["agents"],
        max_polylines=limits["polylines"],
    )
    counts = {"image": 96, "bev": 64, "vector": token_count(vector)}
    plan = plan_features(PROPOSAL_M, 0.5, EGO_STATE, COMMAND)
    tokens = {name: torch.zeros(counts[name], 256) for name in enabled}
    prompt = PromptBuilder(tokenizer, trained.llm.config).correction(tokens, plan, "")
    ids = torch.tensor([expand_placeholders(prompt, trained.llm.config)])
    sensors = bevfusion_inputs(scene, config)
    return {
        "input_ids": ids,
        "attention_mask": torch.ones_like(ids),
        "plan": torch.from_numpy(plan)[None],
        "modality_present": torch.tensor([[name in enabled for name in MODALITIES]]),
        "vector": {field.name: getattr(vector, field.name) for field in fields(vector)},
        "sensors": {field.name: getattr(sensors, field.name) for field in fields(sensors)},
    }
