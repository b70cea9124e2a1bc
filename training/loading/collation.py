"""Examples as one batch."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from perception_service.models.bevfusion.collate import collate as collate_sensors
from perception_service.models.bevfusion.inputs import BevFusionInputs
from perception_service.models.tokens.vector_inputs import VectorInputs
from training.loading.examples import Example
from training.loading.sequence import NOT_A_LABEL

Batch = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ExampleCollator:
    """Makes the corrector's batches; `pad_token_id` fills shorter sequences on the right.

    A batch of B examples holds `input_ids`, `attention_mask` and `labels`, int64 [B, L]; `plan`, float32
    [P, 1, plan_width(T)], and `offset_m`, float32 [P, T, 2], of all P plans of all examples in the order of their
    tokens; `segments` and `positions`, int64 [B, L], where there are further plans; `modality_present`, bool [B, 3];
    `keyframe`, int64 [B]; and, where examples have them, `vector` (the fields of `VectorInputs`, padded),
    `image_features` and `bev_features`, float32 [B, N, C, fH, fW] and [B, C, X, Y], and `sensors` (the fields of
    `BevFusionInputs`; `points_lidar` is a list).
    """

    pad_token_id: int

    def __call__(self, examples: Sequence[Example]) -> Batch:
        """One batch of examples of one data set."""
        lengths = torch.tensor([len(example.input_ids) for example in examples])
        input_ids = pad_sequence([e.input_ids for e in examples], batch_first=True, padding_value=self.pad_token_id)
        batch: Batch = {
            "input_ids": input_ids,
            "attention_mask": (torch.arange(input_ids.shape[1]) < lengths[:, None]).long(),
            "labels": pad_sequence([e.labels for e in examples], batch_first=True, padding_value=NOT_A_LABEL),
            "modality_present": torch.stack([example.modality_present for example in examples]),
            "keyframe": torch.stack([example.keyframe for example in examples]),
        }
        for name in ("plan", "offset_m"):
            batch[name] = torch.cat([getattr(example, name) for example in examples])
        if len(batch["plan"]) > len(examples):
            for name in ("segments", "positions"):
                batch[name] = pad_sequence([getattr(example, name) for example in examples], batch_first=True)
        return batch | _features(examples)


def _features(examples: Sequence[Example]) -> Batch:
    batch: Batch = {}
    if vectors := [example.vector for example in examples if example.vector is not None]:
        batch["vector"] = _fields(VectorInputs.collate(vectors))
    for name in ("image_features", "bev_features"):
        features: list[Tensor] = [getattr(e, name) for e in examples if getattr(e, name) is not None]
        if features:
            batch[name] = torch.stack(features)
    if sensors := [example.sensors for example in examples if example.sensors is not None]:
        batch["sensors"] = _fields(collate_sensors(sensors))
    return batch


def _fields(inputs: VectorInputs | BevFusionInputs) -> Batch:
    return {field.name: getattr(inputs, field.name) for field in fields(inputs)}
