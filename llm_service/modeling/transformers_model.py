"""The trajectory Llama for transformers: training, export and the reference that serving is checked against."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor
from transformers import LlamaForCausalLM
from transformers.modeling_outputs import CausalLMOutputWithPast

from llm_service.modeling.configuration import TrajectoryLlamaConfig
from llm_service.modeling.heads import make_projectors, make_trajectory_head
from llm_service.modeling.motion_prior import corrected, make_motion_prior
from llm_service.modeling.special_tokens import PLAN_MODALITY, VECTOR_MODALITY

Modalities = Mapping[str, Sequence[Tensor]]
"""Per modality, one [n_tokens, width] tensor for each sample of the batch that has it, in batch order."""


class TrajectoryLlamaForCausalLM(LlamaForCausalLM):
    """Llama whose prompts may hold embeddings, with a trajectory head beside the language head.

    `input_ids` [B, L] holds each placeholder as often as the modality has tokens.
    """

    config_class = TrajectoryLlamaConfig
    _keep_in_fp32_modules_strict: ClassVar[list[str]] = ["projectors", "trajectory_head", "motion_prior"]  # ty: ignore[incompatible-attribute-override]

    def __init__(self, config: TrajectoryLlamaConfig) -> None:
        super().__init__(config)
        self.projectors = make_projectors(config)
        self.trajectory_head = make_trajectory_head(config)
        self.motion_prior = make_motion_prior(config, config.motion_prior_sees_scene) if config.motion_prior else None
        self.post_init()

    def embed(self, input_ids: Tensor, modalities: Modalities) -> Tensor:
        """Input embeddings [B, L, H], projected modalities in their placeholders' places.

        Raises:
            ValueError: The prompt has more or fewer placeholders than there are embeddings.
        """
        embeddings = self.get_input_embeddings()(input_ids)
        for modality, token_id in self.config.modality_token_ids.items():
            mask = input_ids == token_id
            given = [tokens.to(embeddings.device) for tokens in modalities.get(modality, ())]
            count = sum(len(tokens) for tokens in given)
            if int(mask.sum()) != count:
                raise ValueError(f"{modality}: {int(mask.sum())} placeholders for {count} embeddings")
            if count:
                projected = self.projectors[modality](torch.cat(given)).to(embeddings.dtype)
                embeddings = embeddings.masked_scatter(mask.unsqueeze(-1), projected)
        return embeddings

    def forward(
        self, input_ids: Tensor | None = None, modalities: Modalities | None = None, **kwargs: Any
    ) -> CausalLMOutputWithPast:
        """As `LlamaForCausalLM.forward` (logits, and a loss where labels are given)."""
        if modalities is not None:
            kwargs["inputs_embeds"], input_ids = self.embed(input_ids, modalities), None  # ty: ignore[invalid-argument-type]
        return super().forward(input_ids=input_ids, **kwargs)

    def hidden_states(self, input_ids: Tensor, modalities: Modalities, attention_mask: Tensor | None = None) -> Tensor:
        """Final normalised hidden states [B, L, H], from which one pass gives both logits and trajectory."""
        embeddings = self.embed(input_ids, modalities)
        return self.model(inputs_embeds=embeddings, attention_mask=attention_mask).last_hidden_state

    def trajectory_at(self, hidden: Tensor, input_ids: Tensor, modalities: Modalities) -> tuple[Tensor, Tensor]:
        """Offset [N, T, 2] and scale [N, T] in metres at each of the N `<|traj|>` tokens of the batch.

        Args:
            hidden: Of `hidden_states`.
            input_ids: [B, L].
            modalities: Plan features of each `<|traj|>` token; vector tokens of each sample that has any.
        """
        numbers = self.trajectory_head(hidden[input_ids == self.config.traj_token_id])
        return self.read_numbers(numbers, input_ids, modalities)

    def read_numbers(self, numbers: Tensor, input_ids: Tensor, modalities: Modalities) -> tuple[Tensor, Tensor]:
        """As `trajectory_at`, of the head's numbers [N, T, 3]."""
        scenes = self._scenes(input_ids, modalities) if self.prior_sees_scene else [None] * len(numbers)
        return corrected(numbers, self.motion_prior, modalities.get(PLAN_MODALITY, ()), scenes)

    @property
    def prior_sees_scene(self) -> bool:
        """Whether trajectories need the vector tokens beside the hidden states."""
        return self.motion_prior is not None and self.motion_prior.scene_width > 0

    def _scenes(self, input_ids: Tensor, modalities: Modalities) -> list[Tensor | None]:
        """Of each `<|traj|>` token, the vector tokens of its sample."""
        given = iter(modalities.get(VECTOR_MODALITY, ()))
        has_vector = (input_ids == self.config.modality_token_ids[VECTOR_MODALITY]).any(1)
        scene_of = [next(given) if has else None for has in has_vector.tolist()]
        return [scene_of[row] for row in (input_ids == self.config.traj_token_id).nonzero()[:, 0].tolist()]

    def trajectory(
        self, input_ids: Tensor, modalities: Modalities, attention_mask: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Offset [N, T, 2] to the proposal in the ego frame and Laplace scale [N, T], metres."""
        hidden = self.hidden_states(input_ids, modalities, attention_mask)
        return self.trajectory_at(hidden, input_ids, modalities)
