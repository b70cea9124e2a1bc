"""Fits networks to offsets of plans: mean distance as the loss, the state that does best on held-back scenes."""

import copy
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from llm_service.modeling.motion_prior import MotionNetwork, MotionPrior

_HELD_BACK = 0.1
_CHECK_EVERY = 50


@dataclass(frozen=True, slots=True)
class Fitting:
    """How a network is fitted: at most so many steps, or so many epochs of few rows."""

    steps: int = 4000
    epochs: int = 100
    batch_size: int = 256
    learning_rate: float = 2e-3
    weight_decay: float = 1e-2


@dataclass(frozen=True, slots=True, eq=False)
class OffsetRows:
    """N rows, float32.

    Attributes:
        inputs: [N, F].
        offsets_m: [N, T, 2], truth minus plan.
        scenes: Names of the N rows' scenes.
    """

    inputs: NDArray[np.float32]
    offsets_m: NDArray[np.float32]
    scenes: tuple[str, ...]

    def told(self, width: int) -> Self:
        """With the first inputs alone."""
        return type(self)(self.inputs[:, :width], self.offsets_m, self.scenes)

    def chosen(self, rows: NDArray[np.bool_]) -> Self:
        """Those rows alone."""
        return type(self)(self.inputs[rows], self.offsets_m[rows], tuple(np.array(self.scenes)[rows].tolist()))


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """Networks, and the mean distances of their answers and of plans from the truth, metres.

    Each is measured on the scenes that were held back from it.
    """

    prior: MotionPrior
    error_m: float
    plan_error_m: float


def fit_motion_prior(rows: OffsetRows, seed: int, fitting: Fitting = Fitting(), scene_width: int = 0) -> Fitted:
    """Each network with its own weights, batches and held-back scenes; equal arguments give equal weights.

    Args:
        rows: At least one.
        seed: Of all that is drawn.
        fitting: How.
        scene_width: How many of the inputs, the last ones, are a scene token.
    """
    prior = MotionPrior(rows.inputs.shape[1] - scene_width, rows.offsets_m.shape[1], scene_width)
    errors_m, plan_errors_m = [], []
    seeds = np.random.SeedSequence(seed).generate_state(len(prior.members)).tolist()
    for own_seed, member in zip(seeds, prior.members, strict=True):
        fit, held = _divided(rows.told(member.width), own_seed)  # ty: ignore[invalid-argument-type]
        network, error_m = _fitted(fit, held, own_seed, fitting)
        member.load_state_dict(network.state_dict())
        errors_m.append(error_m)
        plan_errors_m.append(float(np.linalg.norm(held.offsets_m, axis=-1).mean()))
    return Fitted(prior.eval(), float(np.mean(errors_m)), float(np.mean(plan_errors_m)))


def _fitted(fit: OffsetRows, held: OffsetRows, seed: int, fitting: Fitting) -> tuple[MotionNetwork, float]:
    """A network in its best state, and its error on the held-back rows, metres."""
    inputs, offsets_m = torch.from_numpy(fit.inputs), torch.from_numpy(fit.offsets_m)
    steps = min(fitting.steps, fitting.epochs * -(-len(inputs) // fitting.batch_size))
    drawn = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = MotionNetwork(inputs.shape[1], offsets_m.shape[1])
        optimizer = torch.optim.AdamW(network.parameters(), fitting.learning_rate, weight_decay=fitting.weight_decay)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
        best, best_m = copy.deepcopy(network.state_dict()), float("inf")
        for step in range(steps):
            chosen = torch.randint(len(inputs), (min(fitting.batch_size, len(inputs)),), generator=drawn)
            loss = _error_m(network(inputs[chosen]), offsets_m[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            if (step + 1) % _CHECK_EVERY == 0 or step + 1 == steps:
                error_m = _held_back_error_m(network, held)
                if error_m < best_m:
                    best, best_m = copy.deepcopy(network.state_dict()), error_m
    network.load_state_dict(best)
    return network, best_m


def _divided(rows: OffsetRows, seed: int) -> tuple[OffsetRows, OffsetRows]:
    """Rows to train on, and those of a tenth of the scenes; all rows for both where there is one scene."""
    names = sorted(set(rows.scenes))
    if len(names) < 2:
        return rows, rows
    count = max(1, round(_HELD_BACK * len(names)))
    held = set(np.random.default_rng(seed).choice(names, count, replace=False).tolist())
    is_held = np.array([scene in held for scene in rows.scenes])
    return rows.chosen(~is_held), rows.chosen(is_held)


def _error_m(offsets_m: Tensor, true_m: Tensor) -> Tensor:
    """Mean distance over waypoints; the small constant keeps its slope finite at 0."""
    return ((offsets_m - true_m).square().sum(-1) + 1e-6).sqrt().mean()


@torch.inference_mode()
def _held_back_error_m(network: MotionNetwork, held: OffsetRows) -> float:
    return float(_error_m(network(torch.from_numpy(held.inputs)), torch.from_numpy(held.offsets_m)))
