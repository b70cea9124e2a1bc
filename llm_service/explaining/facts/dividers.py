"""Where a trajectory crosses the lines between lanes."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from llm_service.explaining.claims import Side
from llm_service.explaining.situation import Moment
from llm_service.verifier import Course

_STEEPEST_RAD = np.radians(60.0)
"""A line at a larger angle to the path bounds other roads' lanes."""


@dataclass(frozen=True, slots=True)
class Crossing:
    """The middle of the vehicle crosses a divider to one side."""

    side: Side
    time_s: float


def crossings_of(course: Course, moment: Moment) -> tuple[Crossing, ...]:
    """Every crossing, in order of time; none where the map is not known."""
    edges_m = _divider_edges(moment)
    middle_m = course.path.corners_ego_m.mean(axis=1)
    inside = (edges_m.max(axis=1) >= middle_m.min(axis=0)) & (edges_m.min(axis=1) <= middle_m.max(axis=0))
    edges_m = edges_m[inside.all(axis=1)]
    step_m, line_m = np.diff(middle_m, axis=0)[:, None], edges_m[:, 1] - edges_m[:, 0]
    apart_m = edges_m[:, 0] - middle_m[:-1, None]
    determinant = _cross(step_m, line_m)
    safe = np.where(determinant == 0, 1.0, determinant)
    on_step, on_line = _cross(apart_m, line_m) / safe, _cross(apart_m, step_m) / safe
    crosses = (determinant != 0) & (on_step >= 0) & (on_step < 1) & (on_line >= 0) & (on_line < 1)
    size = np.hypot(step_m[..., 0], step_m[..., 1]) * np.hypot(line_m[:, 0], line_m[:, 1])
    crosses &= np.abs(determinant) <= np.sin(_STEEPEST_RAD) * size
    steps, lines = np.nonzero(crosses)
    substep_s = course.path.times_s[1]
    times_s = course.path.times_s[steps] + on_step[steps, lines] * substep_s
    leftward = -determinant[steps, lines] * np.sign((step_m * line_m).sum(axis=-1)[steps, lines]) > 0
    found = [
        Crossing("left" if left else "right", float(time_s)) for left, time_s in zip(leftward, times_s, strict=True)
    ]
    return tuple(sorted(found, key=lambda crossing: crossing.time_s))


@lru_cache(maxsize=8)
def _divider_edges(moment: Moment) -> NDArray[np.float64]:
    """Edges of all dividers, [N, 2, 2]."""
    lines = [] if moment.road_map is None else moment.road_map.polylines
    points = [np.asarray(line.points_ego_m, np.float64) for line in lines if line.kind == "lane_divider"]
    return np.concatenate([np.empty((0, 2, 2)), *(np.stack((line[:-1], line[1:]), axis=1) for line in points)])


def _cross(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
