"""The trajectory Llama for vLLM: text, and the trajectory in reserved logits of the prompt's last token.

vLLM's generate runner returns token log-probabilities, not hidden states. So the head's numbers ride on the logits of
reserved vocabulary ids, and the engine asks for exactly these logits, raw. One engine then gives the trajectory after
one prefill and writes the explanation too. A motion prior needs no engine: `CorrectionEngine` adds its offsets.
"""

from collections.abc import Iterable

import torch
from torch import Tensor
from vllm.config import VllmConfig
from vllm.model_executor.models.interfaces import SupportsMultiModal
from vllm.model_executor.models.llama import LlamaForCausalLM
from vllm.model_executor.models.module_mapping import MultiModelKeys
from vllm.multimodal import MULTIMODAL_REGISTRY

from llm_service.modeling.channel import CHANNEL_OFFSET
from llm_service.modeling.heads import make_projectors, make_trajectory_head
from llm_service.modeling.special_tokens import placeholder_token
from llm_service.modeling.vllm_processor import TrajectoryDummyInputs, TrajectoryProcessingInfo, TrajectoryProcessor
from llm_service.modeling.weight_files import MOTION_PRIOR


@MULTIMODAL_REGISTRY.register_processor(
    TrajectoryProcessor, info=TrajectoryProcessingInfo, dummy_inputs=TrajectoryDummyInputs
)
class TrajectoryLlamaForCausalLM(LlamaForCausalLM, SupportsMultiModal):
    """vLLM's Llama with the shared projectors and trajectory head."""

    @classmethod
    def get_placeholder_str(cls, modality: str, i: int) -> str:
        return placeholder_token(modality)

    def __init__(self, *, vllm_config: VllmConfig, prefix: str = "") -> None:
        super().__init__(vllm_config=vllm_config, prefix=prefix)
        config = vllm_config.model_config.hf_config
        self.projectors = make_projectors(config)  # ty: ignore[invalid-argument-type]
        self.trajectory_head = make_trajectory_head(config)  # ty: ignore[invalid-argument-type]
        first, count = config.traj_channel_ids[0], len(config.traj_channel_ids)
        if config.traj_channel_ids != list(range(first, first + count)):
            raise ValueError("traj_channel_ids must be consecutive")
        self._channels = slice(first, first + count)
        never = torch.tensor(config.never_generated_ids, dtype=torch.long)
        self.register_buffer("_never_generated", never, persistent=False)

    def load_weights(self, weights: Iterable[tuple[str, Tensor]]) -> set[str]:
        """All but the motion prior's."""
        return super().load_weights((name, tensor) for name, tensor in weights if not name.startswith(MOTION_PRIOR))

    def get_language_model(self) -> torch.nn.Module:  # ty: ignore[incompatible-method-override]
        return self

    def get_mm_mapping(self) -> MultiModelKeys:
        return MultiModelKeys.from_string_field(language_model="model", connector="projectors", tower_model=[])

    def embed_multimodal(self, **kwargs: object) -> list[Tensor]:
        """Projected embeddings, item by item; vLLM calls this with one modality at a time."""
        projected: list[Tensor] = []
        for modality, projector in self.projectors.items():
            items = kwargs.get(f"{modality}_embeds")
            if items is not None:
                projected += [projector(item) for item in items]  # ty: ignore[not-iterable]
        return projected

    def embed_input_ids(
        self,
        input_ids: Tensor,
        multimodal_embeddings: list[Tensor] | None = None,
        *,
        is_multimodal: Tensor | None = None,
    ) -> Tensor:  # ty: ignore[incompatible-method-override]
        embeddings = self.model.embed_input_ids(input_ids)
        if multimodal_embeddings:
            embeddings[is_multimodal] = torch.cat(list(multimodal_embeddings)).to(embeddings.dtype)
        return embeddings

    def compute_logits(self, hidden_states: Tensor) -> Tensor | None:
        """Text logits [N, vocabulary] in float32, with the head's numbers in the reserved ones."""
        logits = super().compute_logits(hidden_states)
        if logits is None:  # Tensor parallel: only the first rank has the gathered logits.
            return None
        logits = logits.float()
        logits.index_fill_(1, self._never_generated, -CHANNEL_OFFSET)  # ty: ignore[no-matching-overload]
        logits[:, self._channels] = self.trajectory_head(hidden_states).flatten(1) - CHANNEL_OFFSET
        return logits
