"""What the vector encoder is given: ego motion, agents and map polylines as padded arrays, all in the ego frame."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from perception_service.models.tokens.way_features import way_features
from waymend.agents import AgentBox, Polyline
from waymend.trajectory import EgoState
from waymend.vocabulary import OBJECT_CLASSES, POLYLINE_KINDS

POINTS_PER_POLYLINE = 20
EGO_STATE_FEATURES = 4
HISTORY_FEATURES = 5
AGENT_FEATURES = 11
POLYLINE_FEATURES = 4
_POSITION_SCALE_M = 50.0
_SPEED_SCALE_MPS = 10.0
_EXTENT_SCALE_M = 5.0
_ACCELERATION_SCALE_MPS2 = 3.0
_YAW_RATE_SCALE_RADPS = 0.5


@dataclass(frozen=True, slots=True)
class VectorInputs:
    """Vectors of one frame, or of B frames with padding; positions are divided by 50 m, the rest likewise to about 1.

    Attributes:
        ego_state: [B, 4]: speed, acceleration, yaw rate, and 1 where they are known.
        ways: [B, WAY_FEATURES]: what the ways ahead demand, see `way_features`.
        history: [B, H, 5]: x, y, cos yaw, sin yaw, age.
        agents: [B, A, 11]: x, y, z, length, width, height, cos yaw, sin yaw, vx, vy, score; nearest first.
        agent_classes: int64 [B, A], indices into OBJECT_CLASSES.
        polylines: [B, L, 20, 4]: x, y, and the step to the next point; nearest first.
        polyline_kinds: int64 [B, L], indices into POLYLINE_KINDS.
        history_mask, agent_mask, polyline_mask: bool [B, H], [B, A], [B, L], True where an entry is real.
    """

    ego_state: Tensor
    ways: Tensor
    history: Tensor
    agents: Tensor
    agent_classes: Tensor
    polylines: Tensor
    polyline_kinds: Tensor
    history_mask: Tensor
    agent_mask: Tensor
    polyline_mask: Tensor

    @classmethod
    def collate(cls, frames: Sequence[Self]) -> Self:
        """One padded batch of several frames' inputs, each with a batch size of 1."""
        columns = {field.name: [getattr(frame, field.name)[0] for frame in frames] for field in fields(cls)}
        return cls(**{name: pad_sequence(rows, batch_first=True) for name, rows in columns.items()})

    def to(self, device: torch.device | str) -> Self:
        """The same inputs on another device."""
        return type(self)(**{field.name: getattr(self, field.name).to(device) for field in fields(self)})


def vector_inputs(
    ego_state: EgoState | None,
    ego_history: NDArray[np.float64],
    agents: Sequence[AgentBox],
    polylines: Sequence[Polyline],
    *,
    max_agents: int,
    max_polylines: int,
) -> VectorInputs:
    """Inputs of one frame (batch size 1) from the nearest `max_agents` agents and `max_polylines` polylines.

    Args:
        ego_history: float64 [K, 4]: age (s), x, y (m), yaw (rad).
    """
    nearest_agents = sorted(agents, key=lambda agent: float(np.hypot(*agent.center_ego_m[:2])))[:max_agents]
    nearest_lines = sorted(polylines, key=lambda line: distance_to_polyline_m(line.points_ego_m))[:max_polylines]
    arrays = {
        "ego_state": _ego_state_features(ego_state),
        "ways": way_features(ego_state, agents, polylines),
        "history": _history_features(ego_history),
        "agents": np.array([_agent_features(agent) for agent in nearest_agents]).reshape(-1, AGENT_FEATURES),
        "polylines": np.array([_polyline_features(line) for line in nearest_lines]).reshape(
            -1, POINTS_PER_POLYLINE, POLYLINE_FEATURES
        ),
    }
    tensors = {name: torch.from_numpy(array.astype(np.float32))[None] for name, array in arrays.items()}
    return VectorInputs(
        **tensors,
        agent_classes=torch.tensor([[OBJECT_CLASSES.index(agent.object_class) for agent in nearest_agents]]).long(),
        polyline_kinds=torch.tensor([[POLYLINE_KINDS.index(line.kind) for line in nearest_lines]]).long(),
        history_mask=torch.ones(1, len(ego_history), dtype=torch.bool),
        agent_mask=torch.ones(1, len(nearest_agents), dtype=torch.bool),
        polyline_mask=torch.ones(1, len(nearest_lines), dtype=torch.bool),
    )


def distance_to_polyline_m(points_ego_m: NDArray[np.floating]) -> float:
    """Distance from the ego origin to the nearest point of any segment of a polyline [N, 2], metres."""
    points = np.asarray(points_ego_m, np.float64)
    starts, steps = points[:-1], np.diff(points, axis=0)
    squared = np.maximum((steps**2).sum(1), 1e-12)
    along = np.clip(-(starts * steps).sum(1) / squared, 0.0, 1.0)
    nearest = np.concatenate((points[-1:], starts + along[:, None] * steps))
    return float(np.hypot(nearest[:, 0], nearest[:, 1]).min())


def resample_polyline(points_ego_m: NDArray[np.floating], count: int) -> NDArray[np.float64]:
    """`count` points at equal arc lengths along a polyline [N, 2], both ends included."""
    points = np.asarray(points_ego_m, np.float64)
    lengths = np.concatenate(([0.0], np.hypot(*np.diff(points, axis=0).T).cumsum()))
    targets = np.linspace(0.0, lengths[-1], count)
    return np.stack([np.interp(targets, lengths, points[:, axis]) for axis in range(2)], 1)


def _ego_state_features(state: EgoState | None) -> NDArray[np.float64]:
    if state is None:
        return np.zeros(EGO_STATE_FEATURES)
    return np.array(
        [
            state.speed_mps / _SPEED_SCALE_MPS,
            state.acceleration_mps2 / _ACCELERATION_SCALE_MPS2,
            state.yaw_rate_radps / _YAW_RATE_SCALE_RADPS,
            1.0,
        ]
    )


def _history_features(ego_history: NDArray[np.float64]) -> NDArray[np.float64]:
    age, x, y, yaw = np.asarray(ego_history, np.float64).reshape(-1, 4).T
    return np.stack((x / _POSITION_SCALE_M, y / _POSITION_SCALE_M, np.cos(yaw), np.sin(yaw), age), 1)


def _agent_features(agent: AgentBox) -> NDArray[np.float64]:
    return np.concatenate(
        (
            np.array(agent.center_ego_m) / _POSITION_SCALE_M,
            np.array([agent.length_m, agent.width_m, agent.height_m]) / _EXTENT_SCALE_M,
            [np.cos(agent.yaw_rad), np.sin(agent.yaw_rad)],
            np.array(agent.velocity_ego_mps) / _SPEED_SCALE_MPS,
            [agent.score],
        )
    )


def _polyline_features(line: Polyline) -> NDArray[np.float64]:
    points = resample_polyline(line.points_ego_m, POINTS_PER_POLYLINE) / _POSITION_SCALE_M
    steps = np.diff(points, axis=0, append=points[-1:])
    return np.concatenate((points, steps * POINTS_PER_POLYLINE), 1)
