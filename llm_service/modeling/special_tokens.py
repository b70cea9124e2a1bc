"""Tokens that the trajectory model adds to a Llama vocabulary."""

from waymend.vocabulary import MODALITIES as SCENE_MODALITIES

PLAN_MODALITY, VECTOR_MODALITY = "plan", "vector"
MODALITIES = (*SCENE_MODALITIES, PLAN_MODALITY)
"""Continuous inputs in the order in which a prompt holds them; `plan` comes last because it changes most often."""

TRAJECTORY_TOKEN = "<|traj|>"
"""Last token of a correction prompt; the trajectory head reads its hidden state."""

NUMBERS_PER_WAYPOINT = 3
"""dx, dy, log scale."""

SYSTEM_TOKEN = "<|system|>"
USER_TOKEN = "<|user|>"
ASSISTANT_TOKEN = "<|assistant|>"
END_TOKEN = "<|end|>"
PAD_TOKEN = "<|pad|>"
CHAT_TOKENS = (PAD_TOKEN, END_TOKEN, SYSTEM_TOKEN, USER_TOKEN, ASSISTANT_TOKEN)
"""Chat roles of the built-in tokenizer; another base model keeps its own."""


def placeholder_token(modality: str) -> str:
    """The token that stands for one embedding of `modality`."""
    return f"<|{modality}|>"


def channel_token(index: int) -> str:
    """The reserved token whose logit carries number `index` of the trajectory head."""
    return f"<|traj_ch{index}|>"


def trajectory_tokens(num_waypoints: int) -> list[str]:
    """All added tokens: placeholders, the trajectory token, then the channels, whose ids must be consecutive."""
    channels = [channel_token(index) for index in range(NUMBERS_PER_WAYPOINT * num_waypoints)]
    return [*map(placeholder_token, MODALITIES), TRAJECTORY_TOKEN, *channels]
