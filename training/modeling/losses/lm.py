"""`lm`: the explanation's tokens, each predicted from what stands before it."""

import torch
from torch import Tensor
from torch.nn import functional

from llm_service.modeling.channel import CHANNEL_OFFSET
from training.modeling.losses.loss_sum import LossSum

IGNORED = -100
"""Label of a token that is given, not predicted."""


def predicted_labels(labels: Tensor) -> tuple[Tensor, Tensor]:
    """Where a token is predicted from, bool [B, L], and the N predicted tokens, int64 [N], of labels [B, L]."""
    following = functional.pad(labels[:, 1:], (0, 1), value=IGNORED)
    predicting = following != IGNORED
    return predicting, following[predicting]


def lm_loss(logits: Tensor, targets: Tensor, never_said: Tensor) -> LossSum:
    """sum_i -log softmax(logits_i)[target_i], the next-token cross-entropy, in float32.

    The softmax is the one that serving samples from: ids that text never holds have no part in it.
    Source: Bengio et al., "A Neural Probabilistic Language Model", JMLR 2003, as every causal language model has it.

    Args:
        logits: [N, vocabulary], of the labelled tokens alone.
        targets: int64 [N].
        never_said: int64 [K], ids that are never generated.
    """
    logits = logits.float().index_fill(1, never_said, -CHANNEL_OFFSET)
    total = functional.cross_entropy(logits, targets, reduction="sum")
    return LossSum(total, torch.tensor(len(targets), device=logits.device))
