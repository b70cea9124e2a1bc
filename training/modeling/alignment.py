"""One vector per sample and modality, and the contrastive losses between them."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from training.modeling.gathering import gathered_rows
from training.modeling.losses.info_nce import FEWEST_GROUPS, info_nce
from training.modeling.losses.pair import ContrastivePair
from training.modeling.pairs import PAIRS

VECTOR_WIDTH = 256
_FIRST_TEMPERATURE = 0.07
_LARGEST_SCALE = 100.0
"""Both of CLIP (Radford et al. 2021, section 2.5)."""

_LEAST_DEVIATION = 1e-3


class SampleVectors(NamedTuple):
    """Vectors of one modality.

    Attributes:
        values: float32 [B, 256]; anything where a sample is without the modality.
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
        # One number each, yet [1]: FSDP2 shards no parameter without a dimension.
        first_scale = math.log(1 / _FIRST_TEMPERATURE)
        self.log_scales = nn.ParameterDict({pair.name: nn.Parameter(torch.tensor([first_scale])) for pair in PAIRS})

    def vectors(self, name: str, tokens: Tensor, mask: Tensor) -> SampleVectors:
        """The mean of each sample's tokens [B, N, H] where `mask` [B, N] holds, mapped to the common space."""
        weights = mask.float()
        mean = (tokens.float() * weights[..., None]).sum(1) / weights.sum(1, keepdim=True).clamp(min=1.0)
        with torch.autocast(tokens.device.type, enabled=False):
            values = self.linears[name](mean)
        return SampleVectors(values, mask.any(1))

    def losses(
        self, vectors: Mapping[str, SampleVectors], keyframes: Tensor, pairs: Iterable[ContrastivePair]
    ) -> dict[str, Tensor]:
        """The losses of all pairs that samples of at least two key frames, over all ranks, have both halves of.

        Proposals of one key frame share its image, BEV and vector tokens, so they are not told from each other.

        Args:
            vectors: Of all that the pairs compare, the same things on every rank.
            keyframes: int64 [B], of each sample.
            pairs: Those wanted.
        """
        everywhere = {name: SampleVectors(*map(gathered_rows, given)) for name, given in vectors.items()}
        groups = gathered_rows(keyframes)
        losses: dict[str, Tensor] = {}
        for pair in pairs:
            first, second = everywhere[pair.first], everywhere[pair.second]
            both = first.present & second.present
            if len(groups[both].unique()) >= FEWEST_GROUPS:
                halves = (_unit_deviations(given.values[both]) for given in (first, second))
                losses[pair.name] = info_nce(*halves, self._scale(pair.name), groups[both])
        return losses

    def _scale(self, name: str) -> Tensor:
        """exp(log scale), at most 100; the gradient passes the limit, so the scale can come back from it."""
        log_scale = self.log_scales[name].float()
        return (log_scale + (log_scale.clamp(max=math.log(_LARGEST_SCALE)) - log_scale).detach()).exp()


def _unit_deviations(values: Tensor) -> Tensor:
    """Directions [N, D] in which vectors differ from their mean, shorter than 1 where they hardly do.

    Means over a sample's tokens have a great part in common (scenes look alike before anything is trained): without
    taking it out all cosines are near 1, and nothing says in which direction to move. Differences below a thousandth of
    the common part count less and less, so that rounding between equal samples is not blown up.
    """
    mean = values.mean(0)
    deviations = values - mean
    return deviations / (deviations.norm(dim=-1, keepdim=True) + _LEAST_DEVIATION * mean.norm())


def joined(vectors: Sequence[Mapping[str, SampleVectors]]) -> dict[str, SampleVectors]:
    """The vectors of several batches as those of one."""
    return {
        name: SampleVectors(*(torch.cat(parts) for parts in zip(*(batch[name] for batch in vectors), strict=True)))
        for name in vectors[0]
    }
