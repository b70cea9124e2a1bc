"""Attention of sequences whose plans branch off behind the scene's tokens."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor


def attention(batch: Mapping[str, Any], dtype: torch.dtype) -> dict[str, Tensor]:
    """What a Llama is told of who sees whom: plain causal attention where the batch has no segments.

    A token sees what comes before it in the scene's tokens (segment 0) and in its own branch; its position counts those
    alone.

    Args:
        batch: `attention_mask` and, with further plans, `segments` and `positions`, int64 [B, L].
        dtype: Of the model.
    """
    if "segments" not in batch:
        return {"attention_mask": batch["attention_mask"]}
    segments, real = batch["segments"], batch["attention_mask"].bool()
    seen = (segments[:, None, :] == 0) | (segments[:, None, :] == segments[:, :, None])
    seen = (seen & real[:, None, :]).tril()
    seen |= torch.eye(segments.shape[1], dtype=torch.bool, device=segments.device)  # Padding sees itself: no NaN.
    mask = torch.zeros(seen.shape, dtype=dtype, device=seen.device).masked_fill(~seen, torch.finfo(dtype).min)
    return {"attention_mask": mask[:, None], "position_ids": batch["positions"]}
