"""Training batches of made-up samples, laid out as the corrector reads them."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn.utils.rnn import pad_sequence
from transformers import PreTrainedTokenizerFast

from llm_service.modeling.configuration import TrajectoryLlamaConfig
from llm_service.modeling.plan_features import plan_features
from llm_service.prompt import PromptBuilder, expand_placeholders
from perception_service.models.presets import preset
from perception_service.models.tokens.vector_inputs import VectorInputs, vector_inputs
from waymend.agents import AgentBox, Polyline
from waymend.trajectory import EgoState
from waymend.vocabulary import MODALITIES

EVERY = (True, True, True)


class BatchMaker:
    """Makes one sample from a seed, and a batch of several; features are random, as cached ones are floats."""

    def __init__(self, llm: Path, tokenizer: PreTrainedTokenizerFast) -> None:
        self._config = TrajectoryLlamaConfig.from_pretrained(llm)
        self._prompts = PromptBuilder(tokenizer, self._config)
        self._tokenizer = tokenizer
        self._tokens = preset("tiny")["tokens"]

    def __call__(self, seeds: Sequence[int], present: Mapping[int, tuple[bool, bool, bool]] | None = None) -> dict:
        samples = [self.sample(seed, (present or {}).get(seed, EVERY)) for seed in seeds]
        return collated(samples, self._config.pad_token_id)

    def sample(self, seed: int, present: tuple[bool, bool, bool] = EVERY) -> dict[str, Any]:
        rng, random = np.random.default_rng(seed), torch.Generator().manual_seed(seed)
        ego_state = EgoState(rng.uniform(2, 12), rng.uniform(-1, 1), rng.uniform(-0.1, 0.1))
        proposal_m = np.cumsum(rng.normal((2.6, 0.0), 0.3, (6, 2)), axis=0)
        offset_m = rng.normal(0, 0.5, (6, 2))
        vector = _vectors(rng, ego_state)
        counts = {"image": 96, "bev": 64, "vector": 1 + vector.agents.shape[1] + vector.polylines.shape[1]}
        tokens = {
            name: torch.zeros(counts[name], 256) for name, there in zip(MODALITIES, present, strict=True) if there
        }
        prompt = self._prompts.correction(tokens, plan_features(proposal_m, 0.5, ego_state, "straight"), "")
        words = self._prompts.explanation(
            prompt,
            proposal_ego_m=proposal_m,
            ego_state=ego_state,
            command="straight",
            trajectory_ego_m=proposal_m + offset_m,
            findings="Change: 1.0 m longer; end speed 5.0 m/s (18 km/h) to 6.0 m/s (22 km/h)",
        )
        given = expand_placeholders(words, self._config)
        said = self._tokenizer.encode(f" The car {seed} is braking.", add_special_tokens=False)
        said = [*said, self._config.eos_token_id]
        image, bev = self._tokens["image"], self._tokens["bev"]
        return {
            "keyframe": torch.tensor(seed),
            "input_ids": torch.tensor(given + said),
            "labels": torch.tensor([-100] * len(given) + said),
            "plan": prompt.tokens["plan"],
            "offset_m": torch.from_numpy(offset_m).float(),
            "modality_present": torch.tensor(present),
            "vector": vector,
            "image_features": torch.randn(6, image["in_channels"], *image["feature_size"], generator=random),
            "bev_features": torch.randn(bev["in_channels"], *bev["pooled_size"], generator=random),
        }


def collated(samples: Sequence[Mapping[str, Any]], pad_token_id: int) -> dict[str, Any]:
    """One right-padded batch."""
    batch: dict[str, Any] = {
        name: torch.stack([sample[name] for sample in samples])
        for name in ("keyframe", "plan", "offset_m", "modality_present", "image_features", "bev_features")
    }
    ids = [sample["input_ids"] for sample in samples]
    batch["input_ids"] = pad_sequence(ids, batch_first=True, padding_value=pad_token_id)
    batch["attention_mask"] = pad_sequence([torch.ones_like(row) for row in ids], batch_first=True)
    batch["labels"] = pad_sequence([sample["labels"] for sample in samples], batch_first=True, padding_value=-100)
    vector = VectorInputs.collate([sample["vector"] for sample in samples])
    batch["vector"] = {field.name: getattr(vector, field.name) for field in fields(vector)}
    return batch


def _vectors(rng: np.random.Generator, ego_state: EgoState) -> VectorInputs:
    agents = [
        AgentBox("", "car", (float(x), float(y), 0.8), 4.5, 1.9, 1.6, 0.3)
        for x, y in rng.uniform(-20, 20, (int(rng.integers(1, 4)), 2))
    ]
    lanes = [Polyline("lane_centerline", np.array([[0, y], [30, y]], np.float32)) for y in rng.uniform(-5, 5, 2)]
    history = np.array([[0.5, -4.0, 0.0, 0.0]])
    return vector_inputs(ego_state, history, agents, lanes, max_agents=63, max_polylines=64)
