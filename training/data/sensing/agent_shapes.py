"""What an agent looks like: a shape that fills its box, in colours of its own."""

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from training.data.drives.drive import Agent
from training.rendering.mesh import Part
from training.rendering.people import cyclist, pedestrian
from training.rendering.street_objects import barrier, plain_box, traffic_cone, trailer
from training.rendering.vehicles import bus, car, truck

_CAR_COLORS = ("#b8bcc0", "#d9d9d6", "#23262b", "#8c1d1d", "#33557a", "#9aa0a5", "#2f4a3c", "#c2b8a3", "#4a3a5c")
_BUS_COLORS = ("#d9a520", "#b52f2f", "#2d5f8a", "#e4e4e0", "#2f7a4a")
_CLOTHES = ("#b02a2a", "#27303f", "#d9c23c", "#3a3a40", "#2f5f8f", "#6a3f73", "#3f7a4d", "#c9c5bc", "#7a4a2a")

_STRIDE_M = 1.5
"""Length of two steps."""

_STRIDES = (0.0, 0.6, 0.9, 0.6, 0.0, -0.6, -0.9, -0.6)
"""Legs through two steps."""

_BRAKING_MPS2 = -0.8


class AgentShape:
    """The shapes of one agent, each made once: standing, in each phase of a step, braking.

    Args:
        agent: Whose.
        random: For its colours.
    """

    def __init__(self, agent: Agent, random: np.random.Generator) -> None:
        self._agent = agent
        self._paint = _CAR_COLORS[random.integers(len(_CAR_COLORS))]
        self._bus_paint = _BUS_COLORS[random.integers(len(_BUS_COLORS))]
        self._jacket, self._trousers = (_CLOTHES[number] for number in random.integers(len(_CLOTHES), size=2))
        self._walked_m, self._braking = _walked_m(agent), _braking(agent)
        self._made: dict[tuple[float, bool], Part] = {}

    def at(self, time_s: float) -> Part:
        """x forward, standing on z = 0, centred in x and y."""
        stride, braking = 0.0, False
        if self._agent.category.startswith("human.pedestrian"):
            stride = self._stride(time_s)
        elif self._agent.category.startswith("vehicle."):
            braking = bool(self._braking[np.searchsorted(self._agent.track.times_s, time_s - 1e-6)])
        look = (stride, braking)
        if look not in self._made:
            self._made[look] = self._make(*look)
        return self._made[look]

    @cached_property
    def from_afar(self) -> Part:
        """A plain box of the same size and colour."""
        return plain_box(*self._agent.size_lwh_m, self._afar_color)

    @property
    def _afar_color(self) -> str:
        if self._agent.category.startswith(("human.", "vehicle.bicycle", "vehicle.motorcycle")):
            return self._jacket
        return self._bus_paint if self._agent.category.startswith("vehicle.bus") else self._paint

    def _stride(self, time_s: float) -> float:
        walked_m = float(np.interp(time_s, self._agent.track.times_s, self._walked_m))
        return _STRIDES[int(walked_m / _STRIDE_M * len(_STRIDES)) % len(_STRIDES)]

    def _make(self, stride: float, braking: bool) -> Part:
        category, size = self._agent.category, self._agent.size_lwh_m
        if category == "vehicle.car" or category.startswith("vehicle.emergency"):
            return car(*size, self._paint, braking=braking)
        if category.startswith("vehicle.bus"):
            return bus(*size, self._bus_paint, braking=braking)
        if category in ("vehicle.truck", "vehicle.construction"):
            return truck(*size, self._paint, braking=braking)
        if category == "vehicle.trailer":
            return trailer(*size, self._paint)
        if category in ("vehicle.bicycle", "vehicle.motorcycle"):
            return cyclist(*size, self._jacket, self._trousers)
        if category.startswith("human.pedestrian"):
            return pedestrian(*size, self._jacket, self._trousers, stride=stride)
        if category == "movable_object.trafficcone":
            return traffic_cone(*size)
        if category == "movable_object.barrier":
            return barrier(*size)
        return plain_box(*size, self._paint)


def _walked_m(agent: Agent) -> NDArray[np.float64]:
    """Distance covered by each of the track's times, [K]."""
    track = agent.track
    steps = np.linalg.norm(np.diff(track.positions_m[:, :2], axis=0), axis=1)
    known = track.valid[1:] & track.valid[:-1]
    return np.concatenate([[0.0], np.cumsum(np.where(known, steps, 0.0))])


def _braking(agent: Agent) -> NDArray[np.bool_]:
    """Whether the brake lights are on, at each of the track's times and once more after the last, [K + 1]."""
    times = agent.track.times_s
    before, after = (np.linalg.norm(agent.track.velocities_at(times + shift), axis=1) for shift in (-0.25, 0.25))
    on = (after - before) / 0.5 < _BRAKING_MPS2
    return np.append(on, on[-1])
