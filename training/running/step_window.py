"""All micro-batches of one optimizer step, and how their losses become one gradient.

An optimizer step over A micro-batches on each of R ranks has the gradient of one big batch of all their samples:

    loss = w_lm sum(lm) / tokens + w_traj sum(traj) / plans + sum over pairs of w_pair L_pair,

with sums and counts over all A x R micro-batches, and each contrastive L_pair over all their samples at once. Three
things would divide it again, and each is answered here or in `CorrectionTrainer`:

- Trainer divides a loss by A unless told that it is scaled already: it is told so (`loss_is_scaled_for_ga`).
- Data parallelism (DDP, FSDP, DeepSpeed) takes the mean of the ranks' gradients: sums are multiplied by R. A
  contrastive loss is the same number on every rank and `gathered_rows` sums its gradients, so its mean over ranks is
  right already.
- Micro-batches add up: the contrastive losses are computed with one of them alone, the last, when gradients are synced.

Where an epoch's samples do not fill the last step, ranks that lack some take the epoch's first ones again, as
accelerate deals them out; one process takes a smaller step.

With several ranks accelerate fills up the last batches of an epoch with samples from its beginning; those count twice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import torch
from torch import Tensor, distributed

from training.modeling.corrector import LossSums
from training.modeling.losses.lm import predicted_labels

Batch = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StepWindow:
    """Attributes:
    micro_batches: Of this rank.
    counts: What each example loss is a mean over, in all micro-batches of all ranks: labelled tokens and plans.
    samples: Of the step on all ranks.
    ranks: Number of processes.
    """

    micro_batches: Sequence[Batch]
    counts: Mapping[str, float]
    samples: int = 0
    ranks: int = 1

    @classmethod
    def of(cls, micro_batches: Sequence[Batch], device: torch.device) -> Self:
        """Counts over all ranks; every rank must call it."""
        tokens = sum(int(predicted_labels(batch["labels"])[0].sum()) for batch in micro_batches)
        samples = sum(len(batch["labels"]) for batch in micro_batches)
        plans = sum(len(batch["offset_m"]) for batch in micro_batches)
        counts = torch.tensor([tokens, plans, samples], dtype=torch.float64, device=device)
        ranks = distributed.get_world_size() if distributed.is_initialized() else 1
        if ranks > 1:
            distributed.all_reduce(counts)
        return cls(micro_batches, {"lm": float(counts[0]), "traj": float(counts[1])}, int(counts[2]), ranks)

    def terms(self, losses: LossSums) -> dict[str, Tensor]:
        """A micro-batch's part of each unweighted loss; the mean over ranks of the sum of all parts is the loss."""
        examples = {
            name: part.total * (self.ranks / max(self.counts[name], 1.0)) for name, part in losses.examples.items()
        }
        return examples | losses.alignment


def weighted_sum(terms: Mapping[str, Tensor], weights: Mapping[str, float]) -> Tensor:
    """The loss of terms, float32 scalar."""
    return torch.stack([weights[name] * term for name, term in terms.items()]).sum()
