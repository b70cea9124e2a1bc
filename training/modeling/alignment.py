"""One vector per sample and modality, and the contrastive losses between them."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.modeling.gathering import gathered_rows
from training.modeling.losses.info_nce import FEWEST_SAMPLES, info_nce
from training.modeling.losses.pair import ContrastivePair
from training.modeling.pairs import PAIRS

VECTOR_WIDTH = 256
_FIRST_TEMPERATURE = 0.07
_LARGEST_SCALE = 100.0
"""Both of CLIP (Radford et al. 2021, section 2.5)."""


class SampleVectors(NamedTuple):
    """Vectors of one modality.

    Attributes:
        values: float32 unit vectors [B, 256]; anything where a sample is without the modality.
        present: bool [B].
    """

    values: Tensor
    present: Tensor


class AlignmentHeads(nn.Module):
    """A linear layer for each thing that is compared, and a temperature for each pair.

    Args:
        hidden_size: Of the language model, whose space tokens are projected to.
    """

    def __init__(self, hidden_size: int) -> None:
        super().__init__()
        names = sorted({name for pair in PAIRS for name in (pair.first, pair.second)})
        self.linears = nn.ModuleDict({name: nn.Linear(hidden_size, VECTOR_WIDTH) for name in names})
        first_scale = math.log(1 / _FIRST_TEMPERATURE)
        self.log_scales = nn.ParameterDict({pair.name: nn.Parameter(torch.tensor(first_scale)) for pair in PAIRS})

    def vectors(self, name: str, tokens: Tensor, mask: Tensor) -> SampleVectors:
        """The mean of each sample's tokens [B, N, H] where `mask` [B, N] holds, mapped to the common space."""
        weights = mask.float()
        mean = (tokens.float() * weights[..., None]).sum(1) / weights.sum(1, keepdim=True).clamp(min=1.0)
        with torch.autocast(tokens.device.type, enabled=False):
            values = functional.normalize(self.linears[name](mean), dim=-1)
        return SampleVectors(values, mask.any(1))

    def losses(self, vectors: Mapping[str, SampleVectors], pairs: Iterable[ContrastivePair]) -> dict[str, Tensor]:
        """The losses of all pairs that at least two samples, over all ranks, have both halves of.

        Args:
            vectors: Of all that the pairs compare, the same things on every rank.
            pairs: Those wanted.
        """
        everywhere = {name: SampleVectors(*map(gathered_rows, given)) for name, given in vectors.items()}
        losses: dict[str, Tensor] = {}
        for pair in pairs:
            first, second = everywhere[pair.first], everywhere[pair.second]
            both = first.present & second.present
            if int(both.sum()) >= FEWEST_SAMPLES:
                losses[pair.name] = info_nce(first.values[both], second.values[both], self._scale(pair.name))
        return losses

    def _scale(self, name: str) -> Tensor:
        """exp(log scale), at most 100; the gradient passes the limit, so the scale can come back from it."""
        log_scale = self.log_scales[name].float()
        return (log_scale + (log_scale.clamp(max=math.log(_LARGEST_SCALE)) - log_scale).detach()).exp()


def joined(vectors: Sequence[Mapping[str, SampleVectors]]) -> dict[str, SampleVectors]:
    """The vectors of several batches as those of one."""
    return {
        name: SampleVectors(*(torch.cat(parts) for parts in zip(*(batch[name] for batch in vectors), strict=True)))
        for name in vectors[0]
    }
