"""A small network that sees the vehicle's own motion alone, or the proposal besides.

After AD-MLP (Zhai et al., "Rethinking the Open-Loop Evaluation of End-to-End Autonomous Driving in nuScenes", 2023):
what such a network reaches is no merit of perception. It is made as strong as it can cheaply be: it corrects CTRA (or
the proposal) instead of starting from nothing, its loss is the mean distance itself, it is shown as many plans about a
scene as the model is, and the state that does best on held-back scenes of its own training data is kept.
"""

import copy
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from training.evaluating.controls.ego_rows import POSITION_SCALE_M, EgoRows

_WIDTH = 256
_DEVIATION_SCALE_M = 2.0
_HELD_BACK = 0.1
_CHECK_EVERY = 50


@dataclass(frozen=True, slots=True)
class MlpTraining:
    """How the networks are trained: at most so many steps, or so many epochs of few rows."""

    steps: int = 4000
    epochs: int = 100
    batch_size: int = 256
    learning_rate: float = 2e-3
    weight_decay: float = 1e-2


class EgoMlp:
    """A trained network; `train_ego_mlp` makes one."""

    def __init__(self, network: nn.Module, sees_proposal: bool) -> None:
        self._network, self._sees_proposal = network, sees_proposal

    @torch.inference_mode()
    def trajectories_m(self, rows: EgoRows) -> NDArray[np.float64]:
        """Trajectories [N, T, 2] in the ego frame, metres."""
        inputs, start_m, _ = _tensors(rows, self._sees_proposal)
        return _answers(self._network.eval(), inputs, start_m).double().numpy()


def train_ego_mlp(rows: EgoRows, sees_proposal: bool, seed: int, training: MlpTraining = MlpTraining()) -> EgoMlp:
    """Trains on rows, at least one; equal arguments give equal weights.

    Args:
        rows: Of a training split.
        sees_proposal: Whether the proposal is an input, and what is corrected.
        seed: Of weights, batches and the scenes that are held back.
        training: How.
    """
    fit, held = _divided(rows, seed)
    inputs, start_m, truth_m = _tensors(fit, sees_proposal)
    held_back = _tensors(held, sees_proposal)
    steps = min(training.steps, training.epochs * -(-len(inputs) // training.batch_size))
    drawn = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = _network(inputs.shape[1], truth_m[0].numel())
        optimizer = torch.optim.AdamW(network.parameters(), training.learning_rate, weight_decay=training.weight_decay)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
        best, best_m = copy.deepcopy(network.state_dict()), float("inf")
        for step in range(steps):
            chosen = torch.randint(len(inputs), (min(training.batch_size, len(inputs)),), generator=drawn)
            loss = _error_m(_answers(network.train(), inputs[chosen], start_m[chosen]), truth_m[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            if (step + 1) % _CHECK_EVERY == 0 or step + 1 == steps:
                error_m = _held_back_error_m(network, *held_back)
                if error_m < best_m:
                    best, best_m = copy.deepcopy(network.state_dict()), error_m
    network.load_state_dict(best)
    return EgoMlp(network.eval(), sees_proposal)


def _divided(rows: EgoRows, seed: int) -> tuple[EgoRows, EgoRows]:
    """Rows to train on, and those of a tenth of the scenes; all rows for both where there is one scene."""
    names = sorted(set(rows.scenes))
    if len(names) < 2:
        return rows, rows
    count = max(1, round(_HELD_BACK * len(names)))
    held = set(np.random.default_rng(seed).choice(names, count, replace=False).tolist())
    is_held = np.array([scene in held for scene in rows.scenes])
    return rows.chosen(~is_held), rows.chosen(is_held)


def _network(inputs: int, outputs: int) -> nn.Sequential:
    """The last layer begins at zero: what is corrected is left as it is."""
    layers: list[nn.Module] = []
    for width in (inputs, _WIDTH, _WIDTH):
        layers += [nn.Linear(width, _WIDTH), nn.LayerNorm(_WIDTH), nn.GELU()]
    last = nn.Linear(_WIDTH, outputs)
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)
    return nn.Sequential(*layers, last)


def _tensors(rows: EgoRows, sees_proposal: bool) -> tuple[Tensor, Tensor, Tensor]:
    """Inputs [N, F], what is corrected [N, T, 2], and the truth [N, T, 2]."""
    ctra_m, proposals_m = rows.ctra_m, rows.proposals_m
    parts = [rows.features, _flat(ctra_m) / POSITION_SCALE_M]
    if sees_proposal:
        parts += [_flat(proposals_m) / POSITION_SCALE_M, _flat(proposals_m - ctra_m) / _DEVIATION_SCALE_M]
    inputs = torch.from_numpy(np.concatenate(parts, axis=1))
    start_m = proposals_m if sees_proposal else ctra_m
    return inputs, torch.from_numpy(start_m), torch.from_numpy(rows.truths_m)


def _flat(trajectories_m: NDArray[np.float32]) -> NDArray[np.float32]:
    return trajectories_m.reshape(len(trajectories_m), -1)


def _answers(network: nn.Module, inputs: Tensor, start_m: Tensor) -> Tensor:
    return start_m + _DEVIATION_SCALE_M * network(inputs).reshape(start_m.shape)


def _error_m(answers_m: Tensor, truth_m: Tensor) -> Tensor:
    """Mean distance over waypoints; the small constant keeps its slope finite at 0."""
    return ((answers_m - truth_m).square().sum(-1) + 1e-6).sqrt().mean()


@torch.inference_mode()
def _held_back_error_m(network: nn.Module, inputs: Tensor, start_m: Tensor, truth_m: Tensor) -> float:
    return float(_error_m(_answers(network.eval(), inputs, start_m), truth_m))
