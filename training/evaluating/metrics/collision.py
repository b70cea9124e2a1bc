"""Whether the ego vehicle's box touches an agent's true future box.

The vehicle is 4.084 m by 1.730 m (`waymend.ego_vehicle`), placed by its rear axle at each waypoint, with the headings
that the verifier derives from the waypoints. Agents are the annotated boxes of the ten detection classes at the same
time. Two oriented boxes touch where no axis of either separates them (separating axis theorem; Gottschalk, Lin,
Manocha, "OBBTree", SIGGRAPH 1996). Boxes that only touch do not count, nor does what happens between two waypoints.

Nothing is left out: agents that hit the vehicle from behind count, as do annotations that overlap the vehicle's own
true path, so the truth is measured too and its rate is the floor.
"""

import numpy as np
from numpy.typing import NDArray

from training.evaluating.agent_futures import AgentFutures
from training.evaluating.metrics.l2 import SECONDS, waypoint_at
from waymend.trajectory import Horizon


def collisions(corners_m: NDArray[np.float64], futures: AgentFutures) -> NDArray[np.float64]:
    """Whether the vehicle's box, corners [T, 4, 2] at the waypoints, touches any agent: [T], 1, 0 or NaN if unknown."""
    touched = np.array([_touches_any(*pair) for pair in zip(corners_m, futures.boxes, strict=True)], np.float64)
    return np.where(futures.known, touched, np.nan)


def collision_summary(collided: NDArray[np.float64], horizon: Horizon) -> dict[str, float | int | None]:
    """Shares of N cases [N, T] that collide at t (`collision_at_3s_rate`), and at any step up to t.

    `collision_any_3s_rate` is over cases that are known at every step up to then, `collision_at_3s_rate` over those
    that are known then; None where there is none. `collision_cases` counts the cases known at every step.
    """
    summary: dict[str, float | int | None] = {}
    for second in SECONDS:
        until = collided[:, : waypoint_at(horizon, second) + 1]
        summary[f"collision_any_{second}s_rate"] = _mean(until.max(axis=1)[~np.isnan(until).any(axis=1)])
        now = until[:, -1]
        summary[f"collision_at_{second}s_rate"] = _mean(now[~np.isnan(now)])
    return summary | {"collision_cases": int((~np.isnan(collided).any(axis=1)).sum())}


def box_corners_m(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Corners [..., 4, 2] of boxes [..., 5]: centre x, y, length, width, yaw."""
    center, half, yaw = boxes[..., :2], boxes[..., 2:4] / 2, boxes[..., 4]
    along = np.stack((np.cos(yaw), np.sin(yaw)), -1) * half[..., :1]
    across = np.stack((-np.sin(yaw), np.cos(yaw)), -1) * half[..., 1:]
    return np.stack((center + along - across, center + along + across, center - along + across,
                     center - along - across), -2)  # fmt: skip


def boxes_overlap(first_m: NDArray[np.float64], second_m: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether rectangles overlap: corners [..., 4, 2] in order around each, broadcast against each other."""
    overlap = np.ones(np.broadcast_shapes(first_m.shape[:-2], second_m.shape[:-2]), bool)
    for corners_m in (first_m, second_m):
        for edge in (0, 1):
            axis = corners_m[..., edge + 1, :] - corners_m[..., edge, :]
            one = np.einsum("...cd,...d->...c", first_m, axis)
            other = np.einsum("...cd,...d->...c", second_m, axis)
            overlap &= (one.min(-1) < other.max(-1)) & (other.min(-1) < one.max(-1))
    return overlap


def _touches_any(ego_m: NDArray[np.float64], boxes: NDArray[np.float64]) -> bool:
    there = boxes[~np.isnan(boxes).any(axis=-1)]
    return bool(boxes_overlap(ego_m, box_corners_m(there)).any()) if len(there) else False


def _mean(values: NDArray[np.float64]) -> float | None:
    return float(values.mean()) if len(values) else None
