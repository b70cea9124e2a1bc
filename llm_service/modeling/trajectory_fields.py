"""What the trajectory model adds to a Llama's configuration, given the tokenizer that holds its tokens."""

from typing import Any

from transformers import PreTrainedTokenizerFast

from llm_service.modeling.plan_features import plan_width
from llm_service.modeling.special_tokens import (
    MODALITIES,
    NUMBERS_PER_WAYPOINT,
    PLAN_MODALITY,
    TRAJECTORY_TOKEN,
    channel_token,
    placeholder_token,
)
from waymend.trajectory import Horizon

SCENE_TOKEN_WIDTH = 256
"""Width of perception's tokens."""
SCENE_MAX_TOKENS = {"image": 96, "bev": 64, "vector": 128}
"""Most tokens of each scene modality, in all of perception's presets."""


def trajectory_fields(tokenizer: PreTrainedTokenizerFast, horizon: Horizon, vocabulary_size: int) -> dict[str, Any]:
    """The fields that `TrajectoryLlamaConfig` adds to `LlamaConfig`.

    Text may end in the tokenizer's end token and hold its plain tokens; every other id is never generated.

    Args:
        tokenizer: Has the tokens of `special_tokens.trajectory_tokens`.
        horizon: Of the trajectories.
        vocabulary_size: Rows of the embedding; those beyond the tokenizer's are padding.
    """
    token_id = tokenizer.convert_tokens_to_ids
    channels = [token_id(channel_token(index)) for index in range(NUMBERS_PER_WAYPOINT * horizon.waypoints)]
    special = set(tokenizer.get_added_vocab().values()) | set(tokenizer.all_special_ids)
    unused = set(range(len(tokenizer), vocabulary_size))
    return {
        "modality_widths": {
            **dict.fromkeys(SCENE_MAX_TOKENS, SCENE_TOKEN_WIDTH),
            PLAN_MODALITY: plan_width(horizon.waypoints),
        },
        "modality_max_tokens": {**SCENE_MAX_TOKENS, PLAN_MODALITY: 1},
        "modality_token_ids": {modality: token_id(placeholder_token(modality)) for modality in MODALITIES},
        "traj_token_id": token_id(TRAJECTORY_TOKEN),
        "traj_channel_ids": channels,
        "never_generated_ids": sorted((special | unused) - {tokenizer.eos_token_id} - set(channels)),
        "num_waypoints": horizon.waypoints,
        "step_s": horizon.step_s,
    }
