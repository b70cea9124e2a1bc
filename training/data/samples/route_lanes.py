"""Centre lines of a nuScenes map, and which of them a driven path followed."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from perception_service.convert.nuscenes_map_index import has_map, open_map

NO_LANE = -1
_REACH_M = 3.0
_AGREEMENT_RAD = np.deg2rad(45.0)
_JUMP_COST_M2 = 10.0
"""Of leaving a lane for one that does not follow it: a lane change pays once this much distance squared is saved."""


@dataclass(frozen=True, slots=True, eq=False)
class RouteLanes:
    """Points of all lanes and lane connectors of a map.

    Attributes:
        poses: float64 [P, 3], x, y (m, global frame), direction of travel (rad).
        lane_numbers: int64 [P], the lane of each point.
        successors: Numbers of the lanes that follow, per lane.
        tree: Of the positions.
    """

    poses: NDArray[np.float64]
    lane_numbers: NDArray[np.int64]
    successors: tuple[frozenset[int], ...]
    tree: KDTree


def route_lanes(lane_poses: Mapping[str, NDArray[np.float64]], successors: Mapping[str, tuple[str, ...]]) -> RouteLanes:
    """From lanes by token: poses [N, 3] about every metre, and the tokens that follow; unknown ones are ignored."""
    number_of = {token: number for number, token in enumerate(lane_poses)}
    poses = np.concatenate([np.zeros((0, 3)), *lane_poses.values()])
    return RouteLanes(
        poses=poses,
        lane_numbers=np.repeat(np.arange(len(lane_poses)), [len(points) for points in lane_poses.values()]),
        successors=tuple(
            frozenset(number_of[follower] for follower in successors.get(token, ()) if follower in number_of)
            for token in lane_poses
        ),
        tree=KDTree(poses[:, :2]),
    )


def lanes_of_map(dataroot: Path, location: str) -> RouteLanes | None:
    """The lanes of a location; None where the map expansion is not installed."""
    if not has_map(dataroot, location):
        return None
    town = open_map(dataroot, location)
    return route_lanes(town.lane_poses, town.successors)


def match_lanes(xy_m: NDArray[np.float64], yaw_rad: NDArray[np.float64], lanes: RouteLanes) -> NDArray[np.int64]:
    """The lane point that a path follows at each of its stations [S]; `NO_LANE` where none is within reach.

    Only centre lines within 3 m whose direction is within 45 degrees of the path's count. Among them the sequence of
    lanes with the least sum of squared distances is chosen, where a change to a lane that is no successor costs extra
    (the Viterbi algorithm, as in P. Newson, J. Krumm, "Hidden Markov map matching", ACM GIS 2009).
    """
    matched = np.full(len(xy_m), NO_LANE)
    choices = [_choices(xy, yaw, lanes) for xy, yaw in zip(xy_m, yaw_rad.tolist(), strict=True)]
    start = 0
    for end in [*(i for i, (points, _) in enumerate(choices) if not len(points)), len(choices)]:
        if end > start:
            matched[start:end] = _cheapest(choices[start:end], lanes)
        start = end + 1
    return matched


_Choices = tuple[NDArray[np.int64], NDArray[np.float64]]
"""Lane points [C], at most one per lane, and their costs [C], squared metres."""


def _choices(xy_m: NDArray[np.float64], yaw_rad: float, lanes: RouteLanes) -> _Choices:
    near = np.array(lanes.tree.query_ball_point(xy_m, _REACH_M), np.int64)
    turned = lanes.poses[near, 2] - yaw_rad
    near = near[np.cos(turned) > np.cos(_AGREEMENT_RAD)]
    cost = np.square(lanes.poses[near, :2] - xy_m).sum(axis=1)
    order = np.argsort(cost, kind="stable")
    _, nearest = np.unique(lanes.lane_numbers[near[order]], return_index=True)
    return near[order][nearest], cost[order][nearest]


def _cheapest(choices: list[_Choices], lanes: RouteLanes) -> NDArray[np.int64]:
    total = choices[0][1]
    came_from = []
    for (before, _), (here, cost) in pairwise(choices):
        through = total[:, None] + _change_cost(before, here, lanes)
        came_from.append(through.argmin(axis=0))
        total = through.min(axis=0) + cost
    picked = [int(total.argmin())]
    for origin in reversed(came_from):
        picked.append(int(origin[picked[-1]]))
    return np.array([points[pick] for (points, _), pick in zip(choices, reversed(picked), strict=True)])


def _change_cost(before: NDArray[np.int64], here: NDArray[np.int64], lanes: RouteLanes) -> NDArray[np.float64]:
    from_lanes, to_lanes = lanes.lane_numbers[before].tolist(), lanes.lane_numbers[here].tolist()
    follows = [[to == origin or to in lanes.successors[origin] for to in to_lanes] for origin in from_lanes]
    return np.where(follows, 0.0, _JUMP_COST_M2)
