"""vLLM's multimodal input processing for modalities that arrive as embeddings."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from vllm.config.multimodal import BaseDummyOptions
from vllm.inputs import MultiModalDataDict
from vllm.multimodal.inputs import MultiModalFieldConfig, MultiModalKwargsItems
from vllm.multimodal.parse import EmbeddingItems, ModalityDataParser, MultiModalDataItems, MultiModalDataParser
from vllm.multimodal.processing import (
    BaseDummyInputsBuilder,
    BaseMultiModalProcessor,
    BaseProcessingInfo,
    PromptReplacement,
)

from llm_service.modeling.special_tokens import placeholder_token


class EmbeddingParser(MultiModalDataParser):
    """Every modality is a list of [n_tokens, width] tensors, not yet projected."""

    def __init__(self, widths: Mapping[str, int]) -> None:
        super().__init__()
        self.widths = widths

    def _get_subparsers(self) -> Mapping[str, ModalityDataParser]:
        def subparser(modality: str) -> ModalityDataParser:
            return lambda data: None if data is None else EmbeddingItems(data, modality, self.widths[modality])  # ty: ignore[invalid-argument-type]

        return {modality: subparser(modality) for modality in self.widths}


class TrajectoryProcessingInfo(BaseProcessingInfo):
    """Limits of a prompt: at most one item of each modality."""

    def get_supported_mm_limits(self) -> Mapping[str, int | None]:
        return dict.fromkeys(self.get_hf_config().modality_widths, 1)

    def get_data_parser(self) -> MultiModalDataParser:
        return EmbeddingParser(self.get_hf_config().modality_widths)

    def get_mm_max_tokens_per_item(self, seq_len: int, mm_counts: Mapping[str, int]) -> Mapping[str, int]:
        return dict(self.get_hf_config().modality_max_tokens)

    def get_hf_processor(self, **kwargs: object) -> Any:
        """The tokenizer: inputs are embeddings, so there is nothing for a processor of images to do."""
        return self.get_tokenizer()

    def get_supported_mm_processor_kwargs(self) -> set[str]:  # ty: ignore[incompatible-method-override]
        return set()


class TrajectoryDummyInputs(BaseDummyInputsBuilder[TrajectoryProcessingInfo]):
    """Largest inputs, with which vLLM measures memory at start-up."""

    def get_dummy_text(self, mm_counts: Mapping[str, int]) -> str:
        return "".join(placeholder_token(modality) * count for modality, count in mm_counts.items())

    def get_dummy_mm_data(
        self, seq_len: int, mm_counts: Mapping[str, int], mm_options: Mapping[str, BaseDummyOptions]
    ) -> MultiModalDataDict:
        config = self.info.get_hf_config()
        shapes = {m: (config.modality_max_tokens[m], config.modality_widths[m]) for m in mm_counts}
        return {m: [torch.zeros(shapes[m])] * count for m, count in mm_counts.items() if count}


class TrajectoryProcessor(BaseMultiModalProcessor[TrajectoryProcessingInfo]):
    """Expands one placeholder per modality to as many as its item has tokens."""

    def _get_mm_fields_config(
        self, hf_inputs: Mapping[str, object], hf_processor_mm_kwargs: Mapping[str, object]
    ) -> Mapping[str, MultiModalFieldConfig]:
        modalities = self.info.get_hf_config().modality_widths
        return {f"{modality}_embeds": MultiModalFieldConfig.batched(modality) for modality in modalities}

    def _get_prompt_updates(
        self,
        mm_items: MultiModalDataItems,
        hf_processor_mm_kwargs: Mapping[str, object],
        out_mm_kwargs: MultiModalKwargsItems,
    ) -> Sequence[PromptReplacement]:
        token_ids = self.info.get_hf_config().modality_token_ids

        def replacement(modality: str) -> PromptReplacement:
            token_id, items = token_ids[modality], mm_items.get_items(modality, EmbeddingItems)
            return PromptReplacement(
                modality=modality,
                target=[token_id],
                replacement=lambda index: [token_id] * items.get_feature_size(index),
            )

        return [replacement(modality) for modality in mm_items]
