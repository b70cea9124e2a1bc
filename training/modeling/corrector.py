"""The corrector as one module: perception's encoders, the trajectory Llama, and the losses of a batch."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from llm_service.modeling.special_tokens import PLAN_MODALITY, VECTOR_MODALITY
from llm_service.modeling.transformers_model import Modalities, TrajectoryLlamaForCausalLM
from llm_service.modeling.weight_files import EMBEDDING_NAME
from perception_service.bundle import token_sets
from perception_service.models.perception_model import PerceptionModel
from training.modeling.alignment import AlignmentHeads, SampleVectors, joined
from training.modeling.base_reference import BaseReference
from training.modeling.branches import attention
from training.modeling.losses.lm import IGNORED, lm_loss, predicted_labels
from training.modeling.losses.loss_sum import LossSum
from training.modeling.losses.traj import traj_loss
from training.modeling.pairs import TEXT, compared_things, wanted_pairs
from training.modeling.scene_tokens import Batch, TokenSet, scene_tokens
from training.modeling.settings import CorrectorSettings
from training.modeling.special_rows import SpecialRows
from training.modeling.trainable import apply_modes, make_trainable, trains_embeddings
from waymend.errors import InvalidField


class LossSums(NamedTuple):
    """Losses of a micro-batch.

    Attributes:
        examples: Sums and counts of `lm` and `traj`.
        alignment: Means of `align`, `bev_text` and `bev_vector` over the window of an optimizer step.
    """

    examples: dict[str, LossSum]
    alignment: dict[str, Tensor]


class Corrector(nn.Module):
    """What a stage trains.

    A batch is a dictionary of tensors:
        input_ids, attention_mask, labels: int64 [B, L], right-padded; the serving prompt with its placeholders
            expanded, then the explanation. Labels are -100 but on what is to be said.
        segments, positions: int64 [B, L], as `branches` reads them; where there are further plans.
        plan: float32 [P, 1, plan_width(T)], of the P plans of all samples, in the order of their tokens.
        offset_m: float32 [P, T, 2], truth minus plan, ego frame.
        keyframe: int64 [B], equal for samples of one key frame, on whatever rank.
        and what `scene_tokens` reads.

    Args:
        perception: Encoders and token makers.
        llm: The language model, adapters in it already where the stage has some.
        alignment: Heads of the contrastive losses.
        settings: What trains, and which losses there are.
        base: The language model that the weights come from.
        llm_source: Directory whose weight files hold `llm`'s frozen weights; None where they exist in memory alone.

    Raises:
        InvalidField: Perception makes other token sets than the language model takes.
    """

    never_said: Tensor

    def __init__(
        self,
        perception: PerceptionModel,
        llm: TrajectoryLlamaForCausalLM,
        alignment: AlignmentHeads,
        settings: CorrectorSettings,
        base: BaseReference,
        llm_source: Path | None = None,
    ) -> None:
        super().__init__()
        _check_token_sets(perception, llm)
        self.perception, self.llm, self.alignment = perception, llm, alignment
        self.settings, self.base, self.llm_source = settings, base, llm_source
        self.special_rows: SpecialRows | None = None
        if not trains_embeddings(settings, base):
            self.special_rows = SpecialRows([llm.config.traj_token_id], llm.get_parameter(EMBEDDING_NAME))
        never_said = sorted({*llm.config.never_generated_ids, *llm.config.traj_channel_ids})
        self.register_buffer("never_said", torch.tensor(never_said), persistent=False)
        make_trainable(self)

    def train(self, mode: bool = True) -> "Corrector":
        super().train(mode)
        apply_modes(self)
        return self

    def gradient_checkpointing_enable(self, gradient_checkpointing_kwargs: dict[str, Any] | None = None) -> None:
        """Recompute activations of the language model and, where sensors run live, of BEVFusion."""
        options = gradient_checkpointing_kwargs or {"use_reentrant": False}
        self.llm.gradient_checkpointing_enable(options)
        self.perception.bevfusion.gradient_checkpointing = True

    def forward(self, batch: Batch, window: Sequence[Batch] = ()) -> LossSums:
        """`example_terms` of the batch and, where given, `alignment_terms` of a window of micro-batches.

        Where the batch is one of the window, its scene tokens are made once for both.
        """
        tokens = scene_tokens(self.perception, batch, self.settings.modalities)
        examples = self._example_terms(batch, tokens)
        vectors = [
            self._alignment_vectors(other, tokens) if _same_tokens(other, batch) else self._vectors(other)
            for other in (window if wanted_pairs(self.settings) else ())
        ]
        return LossSums(examples, self._alignment_losses(vectors, window))

    def example_terms(self, batch: Batch) -> dict[str, LossSum]:
        """`lm` summed over labelled tokens and `traj` summed over samples; one pass gives both."""
        return self._example_terms(batch, scene_tokens(self.perception, batch, self.settings.modalities))

    def alignment_terms(self, micro_batches: Sequence[Batch]) -> dict[str, Tensor]:
        """The contrastive losses over all samples of the micro-batches and of all ranks; all ranks must call it.

        A term is absent where no samples of two key frames have both of its modalities. Where sensors run live, each
        micro-batch's activations are computed again in the backward pass, so that memory holds those of one.
        """
        vectors = list(map(self._vectors, micro_batches)) if wanted_pairs(self.settings) else []
        return self._alignment_losses(vectors, micro_batches)

    def predict(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Offset [P, T, 2] to each plan in the ego frame and Laplace scale [P, T], metres."""
        modalities = self._modalities(batch, scene_tokens(self.perception, batch, self.settings.modalities))
        return self._trajectory_at(self._hidden_states(batch, modalities), batch, modalities)

    def read_numbers(self, numbers: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        """As `predict`, of what the trajectory head put out for the batch."""
        needed = {VECTOR_MODALITY} & set(self.settings.modalities) if self.llm.prior_sees_scene else ()
        vector = scene_tokens(self.perception, batch, needed)
        with _exact(numbers):
            return self.llm.read_numbers(numbers, batch["input_ids"], self._modalities(batch, vector))

    def hidden_states(self, batch: Batch) -> Tensor:
        """Final normalised hidden states [B, L, H] of the language model."""
        tokens = scene_tokens(self.perception, batch, self.settings.modalities)
        return self._hidden_states(batch, self._modalities(batch, tokens))

    def _modalities(self, batch: Batch, tokens: Mapping[str, TokenSet]) -> Modalities:
        """What the language model is given."""
        return {name: given.of_samples() for name, given in tokens.items()} | {PLAN_MODALITY: list(batch["plan"])}

    def _hidden_states(self, batch: Batch, modalities: Modalities) -> Tensor:
        input_ids = batch["input_ids"]
        with _exact(input_ids):
            embeddings = self.llm.embed(input_ids, modalities)
            if self.special_rows is not None:
                embeddings = self.special_rows(input_ids, embeddings)
        outputs = self.llm.model(inputs_embeds=embeddings, **attention(batch, embeddings.dtype), use_cache=False)
        return outputs.last_hidden_state

    def _example_terms(self, batch: Batch, tokens: Mapping[str, TokenSet]) -> dict[str, LossSum]:
        modalities = self._modalities(batch, tokens)
        hidden = self._hidden_states(batch, modalities)
        terms: dict[str, LossSum] = {}
        if "lm" in self.settings.losses:
            predicting, targets = predicted_labels(batch["labels"])
            terms["lm"] = lm_loss(self.llm.lm_head(hidden[predicting]), targets, self.never_said)
        if "traj" in self.settings.losses:
            offset_m, scale_m = self._trajectory_at(hidden, batch, modalities)
            terms["traj"] = traj_loss(
                self.settings.traj_loss,
                offset_m,
                scale_m,
                batch["offset_m"],
                error_weight=self.settings.error_weight,
                harm_weight=self.settings.harm_weight,
            )
        return terms

    def _trajectory_at(self, hidden: Tensor, batch: Batch, modalities: Modalities) -> tuple[Tensor, Tensor]:
        with _exact(hidden):
            return self.llm.trajectory_at(hidden, batch["input_ids"], modalities)

    def _alignment_losses(
        self, vectors: Sequence[Mapping[str, SampleVectors]], window: Sequence[Batch]
    ) -> dict[str, Tensor]:
        if not vectors:
            return {}
        keyframes = torch.cat([batch["keyframe"] for batch in window])
        return self.alignment.losses(joined(vectors), keyframes, wanted_pairs(self.settings))

    def _vectors(self, batch: Batch) -> dict[str, SampleVectors]:
        if "sensors" in batch and torch.is_grad_enabled():
            return checkpoint(self._fresh_vectors, batch, use_reentrant=False)
        return self._fresh_vectors(batch)

    def _fresh_vectors(self, batch: Batch) -> dict[str, SampleVectors]:
        needed = compared_things(self.settings) - {TEXT}
        return self._alignment_vectors(batch, scene_tokens(self.perception, batch, needed))

    def _alignment_vectors(self, batch: Batch, made: Mapping[str, TokenSet]) -> dict[str, SampleVectors]:
        """One vector per sample for each thing that a wanted loss compares."""
        compared, labels = compared_things(self.settings), batch["labels"]
        vectors: dict[str, SampleVectors] = {}
        with _exact(labels):
            if TEXT in compared:
                words = self.llm.get_input_embeddings()(labels.clamp(min=0))
                vectors[TEXT] = self.alignment.vectors(TEXT, words, labels != IGNORED)
            for name in sorted(compared - {TEXT}):
                projected = self.llm.projectors[name](made[name].values)
                vectors[name] = self.alignment.vectors(name, projected, made[name].mask)
        return vectors


def _same_tokens(first: Batch, second: Batch) -> bool:
    """Whether two batches are one, with the same modalities present; data parallelism copies the dictionary."""
    return first["modality_present"] is second["modality_present"]


def _exact(tensor: Tensor) -> torch.autocast:
    """No autocast: in 16 bits a position of 50 m would step by decimetres."""
    return torch.autocast(tensor.device.type, enabled=False)


def _check_token_sets(perception: PerceptionModel, llm: TrajectoryLlamaForCausalLM) -> None:
    made = {name: (made.tokens, made.width) for name, made in token_sets(perception.config).items()}
    config = llm.config
    taken = {name: (config.modality_max_tokens[name], config.modality_widths[name]) for name in made}
    if made != taken:
        raise InvalidField("perception", f"token sets (tokens, width) {taken}", made)
