"""One process of several that compute contrastive losses together: `python -m ... RANK PORT DIRECTORY`."""

import os
import sys
from pathlib import Path

import torch
from torch import distributed, nn

from training.modeling.alignment import AlignmentHeads, SampleVectors
from training.modeling.pairs import PAIRS

HIDDEN = 12
SAMPLES = 7
KEYFRAMES = torch.tensor([0, 0, 1, 2, 1, 3, 2])
"""Of each sample; one of them comes on both ranks."""
RANKS = (slice(0, 3), slice(3, 7))
"""Samples of each rank; their numbers differ, as at the end of a data set."""


def losses_and_gradients(rows: slice) -> tuple[dict[str, float], dict[str, torch.Tensor]]:
    """What one process computes of its share of the samples; some of them are without a modality."""
    torch.manual_seed(0)
    heads = AlignmentHeads(HIDDEN)
    projector = nn.Linear(5, HIDDEN)
    features = {name: torch.randn(SAMPLES, 2, 5) for name in ("image", "bev", "vector", "text")}
    mask = {name: torch.rand(SAMPLES, 2) > 0.4 for name in features}
    vectors: dict[str, SampleVectors] = {}
    for name, values in features.items():
        vectors[name] = heads.vectors(name, projector(values[rows]), mask[name][rows])
    losses = heads.losses(vectors, KEYFRAMES[rows], PAIRS)
    torch.stack(list(losses.values())).sum().backward()
    parameters = {**dict(heads.named_parameters()), **dict(projector.named_parameters())}
    gradients = {name: parameter.grad for name, parameter in parameters.items() if parameter.grad is not None}
    return {name: loss.item() for name, loss in losses.items()}, gradients


def main(rank: int, port: str, directory: Path) -> None:
    torch.set_num_threads(1)
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    distributed.init_process_group("gloo", rank=rank, world_size=len(RANKS))
    losses, gradients = losses_and_gradients(RANKS[rank])
    for gradient in gradients.values():  # What data parallelism does.
        distributed.all_reduce(gradient)
        gradient /= len(RANKS)
    torch.save({"losses": losses, "gradients": gradients}, directory / f"{rank}.pt")
    distributed.destroy_process_group()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
