"""Configuration of the trajectory Llama, for transformers and vLLM alike."""

from transformers import LlamaConfig


class TrajectoryLlamaConfig(LlamaConfig):
    """A Llama with modality projectors and a trajectory head.

    Attributes:
        modality_widths: Width of one embedding of each modality, before projection.
        modality_token_ids: Placeholder token of each modality.
        modality_max_tokens: Most embeddings of each modality in one prompt.
        traj_token_id: `<|traj|>`, the last token of a correction prompt.
        traj_channel_ids: Reserved ids whose logits carry the head's numbers; consecutive.
        never_generated_ids: Ids that text must never hold: added tokens, chat roles, padding rows of the vocabulary.
        num_waypoints: Waypoints of a trajectory.
        step_s: Seconds between waypoints.
        motion_prior: Whether offsets are the head's plus a motion prior's, see `motion_prior.MotionPrior`.
        motion_prior_sees_scene: Whether it reads the first vector token beside the plan.
        caution: How much offsets are held back, see `llm_service.correction.certainty`.
    """

    model_type = "trajectory_llama"

    modality_widths: dict | None = None
    modality_token_ids: dict | None = None
    modality_max_tokens: dict | None = None
    traj_token_id: int | None = None
    traj_channel_ids: list | None = None
    never_generated_ids: list | None = None
    num_waypoints: int = 6
    step_s: float = 0.5
    motion_prior: bool = False
    motion_prior_sees_scene: bool = False
    caution: float = 0.0


def register_config() -> None:
    """Make `AutoConfig` (which vLLM reads a checkpoint with) know the model type."""
    from transformers import AutoConfig

    AutoConfig.register(TrajectoryLlamaConfig.model_type, TrajectoryLlamaConfig, exist_ok=True)
