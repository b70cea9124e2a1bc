"""What the ways ahead demand: who drives there, who comes in from the side, where to stop, and how that would end.

Planners with the best open-loop errors take just this: Dauner et al., "Parting with Misconceptions about Learning-based
Vehicle Motion Planning", CoRL 2023, from a centre line and the own motion alone. A network could find it by comparing
every agent with every lane; it is given here, so that few examples teach what to make of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from perception_service.models.tokens.lane_ways import STATIONS_M, TURNS, Way, lane_ways
from waymend import ego_vehicle
from waymend.agents import AgentBox, Polyline
from waymend.trajectory import EgoState

TIMES_S = np.arange(0.5, 3.01, 0.5)
LANE_NUMBERS = 3
WAY_POSITIONS = 2 * len(TIMES_S)
WAY_NUMBERS = 5 + 4 + 1 + 2 * WAY_POSITIONS
"""Of each way: the agent ahead, one that comes in, the stop line, and positions (x, y), which come last."""
WAY_FEATURES = LANE_NUMBERS + len(TURNS) * WAY_NUMBERS

_FAR_M = 60.0
_BESIDE_M = 0.1
"""Whom the vehicle would pass by less than this is in its way."""
_OVERLAP_M = -1.0
_MOVES_IN_MPS, _MOVES_IN_S = 0.3, 4.0
_STOP_LINE_M = 4.0
_GAP_SCALE_M, _SPEED_SCALE_MPS, _DIFFERENCE_SCALE_MPS, _DEVIATION_SCALE_M = 20.0, 10.0, 5.0, 4.0
_MOST_HEADWAY_S, _HEADWAY_SCALE_S = 6.0, 3.0
_LARGEST = 5.0
"""Numbers beyond are held to it, so that no strange scene leads far from what was seen in training."""


@dataclass(frozen=True, slots=True)
class IntelligentDriver:
    """The model of Treiber, Hennecke and Helbing, "Congested traffic states in empirical observations and microscopic
    simulations", Physical Review E 62, 2000, with an acceleration that follows in 0.8 s."""

    time_gap_s: float = 1.3
    jam_gap_m: float = 2.0
    acceleration_mps2: float = 1.5
    braking_mps2: float = 2.0
    hardest_mps2: float = 5.0
    lag_s: float = 0.8
    step_s: float = 0.1

    def progress_m(self, speed_mps: float, acceleration_mps2: float, gap_m: float, lead_mps: float) -> NDArray:
        """Progress [6] at `TIMES_S`, behind a lead that keeps its speed; `gap_m` is infinite without one."""
        wanted_mps = max(speed_mps + 1.0, 8.0)
        progress, speed, now = 0.0, max(speed_mps, 0.0), acceleration_mps2
        passed: list[float] = []
        for _ in range(round(TIMES_S[-1] / self.step_s)):
            closing = speed * (speed - lead_mps) / (2 * np.sqrt(self.acceleration_mps2 * self.braking_mps2))
            wanted_gap = self.jam_gap_m + max(0.0, speed * self.time_gap_s + closing)
            free = 1.0 - (speed / wanted_mps) ** 4
            meant = self.acceleration_mps2 * (free - (wanted_gap / max(gap_m, 0.3)) ** 2)
            now += (min(max(meant, -self.hardest_mps2), 2.0) - now) * self.step_s / self.lag_s
            after = max(0.0, speed + now * self.step_s)
            step_m = (speed + after) / 2 * self.step_s
            progress, gap_m, speed = progress + step_m, gap_m + lead_mps * self.step_s - step_m, after
            passed.append(progress)
        every = round(TIMES_S[0] / self.step_s)
        return np.array(passed[every - 1 :: every])


def way_features(
    ego_state: EgoState | None, agents: Sequence[AgentBox], polylines: Sequence[Polyline]
) -> NDArray[np.float64]:
    """The numbers [WAY_FEATURES] of a frame, each of about unit size and at most 5.

    Whether the vehicle is on a lane, its offset and direction. Then, for each of `TURNS`: the agent ahead (there, gap,
    speed, difference of speeds, headway); one that moves into the way (gap, when, speed, there); the next stop line;
    and where the vehicle would be at 0.5 ... 3.0 s, minus straight on at its speed: with its acceleration along the
    way, and behind the agent ahead as an `IntelligentDriver`. All zero where the motion is not known.
    """
    if ego_state is None:
        return np.zeros(WAY_FEATURES)
    ways = lane_ways(polylines)
    boxes = _Boxes.of(agents)
    stops = [np.asarray(line.points_ego_m, np.float64).mean(0) for line in polylines if line.kind == "stop_line"]
    lane = [float(ways[0].on_lane), ways[0].offset_m, ways[0].heading_rad]
    each = {way: _of_way(way, ego_state, boxes, stops) for way in dict.fromkeys(ways)}
    numbers = np.concatenate([lane, *(each[way] for way in ways)])
    return np.clip(numbers, -_LARGEST, _LARGEST)


@dataclass(frozen=True, slots=True, eq=False)
class _Boxes:
    """Agents as arrays: centre and velocity [A, 2]; length, width and yaw [A]."""

    center_m: NDArray[np.float64]
    velocity_mps: NDArray[np.float64]
    length_m: NDArray[np.float64]
    width_m: NDArray[np.float64]
    yaw_rad: NDArray[np.float64]

    @classmethod
    def of(cls, agents: Sequence[AgentBox]) -> "_Boxes":
        rows = np.array(
            [(*a.center_ego_m[:2], *a.velocity_ego_mps, a.length_m, a.width_m, a.yaw_rad) for a in agents], np.float64
        ).reshape(-1, 7)
        return cls(rows[:, :2], rows[:, 2:4], *rows[:, 4:].T)


@dataclass(frozen=True, slots=True, eq=False)
class _AlongWay:
    """Agents as a way sees them, [A] each: free distance to the vehicle's front, its way to the left, speeds, and
    whether the vehicle would touch them."""

    gap_m: NDArray[np.float64]
    left_m: NDArray[np.float64]
    along_mps: NDArray[np.float64]
    left_mps: NDArray[np.float64]
    in_way: NDArray[np.bool_]
    ahead: NDArray[np.bool_]

    @classmethod
    def of(cls, boxes: _Boxes, way: Way) -> "_AlongWay":
        nearest = ((boxes.center_m[:, None] - way.points_m) ** 2).sum(-1).argmin(1)
        heading, station = way.headings_rad[nearest], STATIONS_M[nearest]
        cosine, sine = np.cos(heading), np.sin(heading)
        away = boxes.center_m - way.points_m[nearest]
        left = away[:, 1] * cosine - away[:, 0] * sine
        turned = boxes.yaw_rad - heading
        lengthwise, sideways = np.abs(np.cos(turned)), np.abs(np.sin(turned))
        half_along = (lengthwise * boxes.length_m + sideways * boxes.width_m) / 2
        half_across = (sideways * boxes.length_m + lengthwise * boxes.width_m) / 2
        gap = station - half_along - ego_vehicle.REAR_AXLE_TO_FRONT_M
        ahead = (station > 0) & (station < STATIONS_M[-1] - 1.0) & (gap > _OVERLAP_M)
        return cls(
            gap_m=gap,
            left_m=left,
            along_mps=boxes.velocity_mps[:, 0] * cosine + boxes.velocity_mps[:, 1] * sine,
            left_mps=boxes.velocity_mps[:, 1] * cosine - boxes.velocity_mps[:, 0] * sine,
            in_way=ahead & (np.abs(left) < half_across + ego_vehicle.WIDTH_M / 2 + _BESIDE_M),
            ahead=ahead,
        )


def _of_way(way: Way, state: EgoState, boxes: _Boxes, stops: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    seen = _AlongWay.of(boxes, way)
    lead = _nearest(seen, seen.in_way)
    gap_m, lead_mps = (np.inf, 0.0) if lead is None else (max(seen.gap_m[lead], 0.1), seen.along_mps[lead])
    speed, acceleration = state.speed_mps, state.acceleration_mps2
    braking_s = -speed / acceleration if speed * acceleration < 0 else np.inf
    times_s = np.minimum(TIMES_S, braking_s)
    kept_m = np.maximum(speed * times_s + acceleration * times_s**2 / 2, 0.0)
    followed_m = IntelligentDriver().progress_m(speed, acceleration, gap_m, max(lead_mps, 0.0))
    straight_m = np.stack((speed * TIMES_S, np.zeros_like(TIMES_S)), axis=1)
    ends = [(way.at(progress_m) - straight_m).ravel() / _DEVIATION_SCALE_M for progress_m in (kept_m, followed_m)]
    return np.concatenate(
        (
            [
                float(lead is not None),
                min(gap_m, _FAR_M) / _GAP_SCALE_M,
                lead_mps / _SPEED_SCALE_MPS,
                (lead_mps - speed) / _DIFFERENCE_SCALE_MPS if lead is not None else 0.0,
                min(gap_m / max(speed, 1.0), _MOST_HEADWAY_S) / _HEADWAY_SCALE_S,
            ],
            _entering(seen),
            [_stop_m(way, stops) / _GAP_SCALE_M],
            *ends,
        )
    )


def _entering(seen: _AlongWay) -> list[float]:
    """Whoever is not in the way yet and moves towards it, the nearest: gap, when, speed along the way, and there."""
    moving = np.abs(seen.left_mps) > _MOVES_IN_MPS
    when_s = np.where(moving, -seen.left_m / np.where(moving, seen.left_mps, 1.0), np.inf)
    soon = seen.ahead & ~seen.in_way & (when_s > 0) & (when_s < _MOVES_IN_S)
    first = _nearest(seen, soon)
    if first is None:
        return [_FAR_M / _GAP_SCALE_M, 1.0, 0.0, 0.0]
    gap_m = min(float(seen.gap_m[first]), _FAR_M)
    return [gap_m / _GAP_SCALE_M, when_s[first] / _MOVES_IN_S, seen.along_mps[first] / _SPEED_SCALE_MPS, 1.0]


def _nearest(seen: _AlongWay, chosen: NDArray[np.bool_]) -> int | None:
    return int(np.where(chosen, seen.gap_m, np.inf).argmin()) if chosen.any() else None


def _stop_m(way: Way, stops: Sequence[NDArray[np.float64]]) -> float:
    """From the vehicle's front to the next stop line on the way; 60 m where there is none."""
    nearest = _FAR_M
    for middle in stops:
        away = np.hypot(*(way.points_m - middle).T)
        station = float(STATIONS_M[away.argmin()])
        if away.min() < _STOP_LINE_M and station > 0.0:
            nearest = min(nearest, station - ego_vehicle.REAR_AXLE_TO_FRONT_M)
    return nearest
