"""Trajectories as ribbons that lie on the ground."""

import numpy as np
from numpy.typing import NDArray
from shapely import Polygon, box, unary_union

from waymend.frames.description import CameraDescription
from waymend.geometry import Pose

_SAMPLES_PER_STEP = 12
_NEAR_M = 0.4
_SEAM_PX = 0.3
"""Neighbouring pieces overlap by this much, so that they join into one shape."""


def smooth_path(trajectory_ego_m: NDArray[np.float64], start_m: float = 0.0) -> NDArray[np.float64]:
    """The trajectory [T, 2] from the ego origin on, as a Catmull-Rom curve [N, 2]; leaves out its first `start_m`."""
    knots = np.concatenate([np.zeros((1, 2)), np.asarray(trajectory_ego_m, np.float64)])
    padded = np.concatenate([[2 * knots[0] - knots[1]], knots, [2 * knots[-1] - knots[-2]]])
    t = np.linspace(0, 1, _SAMPLES_PER_STEP, endpoint=False)[:, None]
    pieces = [_catmull_rom(*padded[i : i + 4], t) for i in range(len(knots) - 1)]
    path = np.concatenate([*pieces, knots[-1:]])
    travelled = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    kept = travelled >= start_m
    return path[kept] if kept.sum() >= 2 else path[-2:]


def ribbon_edges(
    path_ego_m: NDArray[np.float64], half_width_m: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Left and right edge [N, 2] of a ribbon around the path; where the path stands still it keeps its direction."""
    step = np.gradient(path_ego_m, axis=0)
    length = np.linalg.norm(step, axis=1)
    heading = np.where(length > 0.02, np.arctan2(step[:, 1], step[:, 0]), np.nan)
    known = np.flatnonzero(np.isfinite(heading))
    if len(known) == 0:
        heading[:] = 0.0
    else:
        heading = np.interp(np.arange(len(heading)), known, np.unwrap(heading[known]))
    across = half_width_m * np.stack([-np.sin(heading), np.cos(heading)], axis=1)
    return path_ego_m + across, path_ego_m - across


def ribbon_in_image(
    path_ego_m: NDArray[np.float64], half_width_m: float, camera: CameraDescription
) -> list[NDArray[np.float64]]:
    """Pixel polygons [N, 2] of a ground ribbon, cut at the near plane and at the image's edges."""
    left, right = ribbon_edges(path_ego_m, half_width_m)
    pieces = []
    for i in range(len(path_ego_m) - 1):
        quad = np.array([left[i], left[i + 1], right[i + 1], right[i]])
        pixels = _project_clipped(np.column_stack([quad, np.zeros(4)]), camera)
        if len(pixels) >= 3:
            pieces.append(Polygon(pixels).buffer(_SEAM_PX))
    frame = box(0, 0, camera.width_px, camera.height_px)
    seen = unary_union(pieces).intersection(frame)
    return [np.asarray(polygon.exterior.coords) for polygon in getattr(seen, "geoms", [seen]) if polygon.area > 0]


def _catmull_rom(
    p0: NDArray[np.float64],
    p1: NDArray[np.float64],
    p2: NDArray[np.float64],
    p3: NDArray[np.float64],
    t: NDArray[np.float64],
) -> NDArray[np.float64]:
    linear, square, cube = p2 - p0, 2 * p0 - 5 * p1 + 4 * p2 - p3, 3 * p1 - p0 - 3 * p2 + p3
    return 0.5 * (2 * p1 + linear * t + square * t**2 + cube * t**3)


def _project_clipped(polygon_ego_m: NDArray[np.float64], camera: CameraDescription) -> NDArray[np.float64]:
    """Pixels of the part of a polygon that lies beyond the near plane (Sutherland and Hodgman, 1974)."""
    pose = camera.ego_from_camera
    points = Pose.from_quaternion(pose.rotation_wxyz, pose.translation_m).inverse().apply(polygon_ego_m)
    kept = []
    for a, b in zip(points, np.roll(points, -1, axis=0), strict=True):
        if a[2] >= _NEAR_M:
            kept.append(a)
        if (a[2] >= _NEAR_M) != (b[2] >= _NEAR_M):
            kept.append(a + (b - a) * (_NEAR_M - a[2]) / (b[2] - a[2]))
    if not kept:
        return np.empty((0, 2))
    homogeneous = np.array(kept) @ np.array(camera.intrinsic).T
    return homogeneous[:, :2] / homogeneous[:, 2:]
