"""A small network that sees the vehicle's own motion alone, or the proposal besides.

After AD-MLP (Zhai et al., "Rethinking the Open-Loop Evaluation of End-to-End Autonomous Driving in nuScenes", 2023):
what such a network reaches is no merit of perception. It is made as strong as it can cheaply be: it corrects CTRA (or
the proposal) instead of starting from nothing, is fitted as the model's own motion prior is, sees past poses besides,
and is shown as many plans about a scene as the model is.
"""

from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray

from llm_service.modeling.motion_prior import MotionPrior
from llm_service.modeling.plan_features import DEVIATION_SCALE_M, POSITION_SCALE_M
from training.evaluating.controls.ego_rows import EGO_FEATURES, EgoRows
from training.motion.fitting import Fitting, OffsetRows, fit_motion_prior
from waymend.trajectory import Horizon


class EgoMlp:
    """A network, and whether it sees and corrects the proposal."""

    def __init__(self, network: MotionPrior, sees_proposal: bool) -> None:
        self.network, self._sees_proposal = network, sees_proposal

    @classmethod
    def untrained(cls, horizon: Horizon, sees_proposal: bool) -> Self:
        """One that leaves what it corrects as it is, for stored weights."""
        width = EGO_FEATURES + 2 * horizon.waypoints * (3 if sees_proposal else 1)
        return cls(MotionPrior(width, horizon.waypoints).eval(), sees_proposal)

    @torch.inference_mode()
    def trajectories_m(self, rows: EgoRows) -> NDArray[np.float64]:
        """Trajectories [N, T, 2] in the ego frame, metres."""
        offsets_m = self.network(torch.from_numpy(_inputs(rows, self._sees_proposal))).double().numpy()
        return _start_m(rows, self._sees_proposal) + offsets_m


def train_ego_mlp(
    rows: EgoRows,
    sees_proposal: bool,
    seed: int,
    fitting: Fitting = Fitting(),  # noqa: B008
) -> EgoMlp:
    """Trains on rows, at least one; equal arguments give equal weights.

    Args:
        rows: Of a training split.
        sees_proposal: Whether the proposal is an input, and what is corrected.
        seed, fitting: As of `fit_motion_prior`.
    """
    offsets_m = rows.truths_m - _start_m(rows, sees_proposal)
    fitted = fit_motion_prior(OffsetRows(_inputs(rows, sees_proposal), offsets_m, rows.scenes), seed, fitting)
    return EgoMlp(fitted.prior, sees_proposal)


def _start_m(rows: EgoRows, sees_proposal: bool) -> NDArray[np.float32]:
    """What is corrected, [N, T, 2]."""
    return rows.proposals_m if sees_proposal else rows.ctra_m


def _inputs(rows: EgoRows, sees_proposal: bool) -> NDArray[np.float32]:
    parts = [rows.features, _flat(rows.ctra_m) / POSITION_SCALE_M]
    if sees_proposal:
        parts += [_flat(rows.proposals_m) / POSITION_SCALE_M, _flat(rows.proposals_m - rows.ctra_m) / DEVIATION_SCALE_M]
    return np.concatenate(parts, axis=1)


def _flat(trajectories_m: NDArray[np.float32]) -> NDArray[np.float32]:
    return trajectories_m.reshape(len(trajectories_m), -1)
