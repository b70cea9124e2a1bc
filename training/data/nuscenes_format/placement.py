"""Where drives lie on nuScenes' four maps: those with a location stay, the others are put beside them, in rows."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import cycle

import numpy as np

from training.data.drives.drive import Drive
from training.data.nuscenes_format.tokens import token_of

RIGHT_HAND_LOCATIONS = ("boston-seaport",)
LEFT_HAND_LOCATIONS = ("singapore-onenorth", "singapore-hollandvillage", "singapore-queenstown")
_GAP_M = 50.0
"""Between neighbours."""


def place(drives: Sequence[Drive]) -> list[Drive]:
    """The drives in their order, each with a location, none upon another, all at positive coordinates.

    nuscenes-devkit knows four maps by name; traffic keeps right in Boston's and left in Singapore's.
    """
    right, left = cycle(RIGHT_HAND_LOCATIONS), cycle(LEFT_HAND_LOCATIONS)
    chosen = [
        drive if drive.location else replace(drive, location=next(left if drive.left_hand_traffic else right))
        for drive in drives
    ]
    placed: dict[int, Drive] = {i: drive for i, drive in enumerate(chosen) if drives[i].location}
    for location in (*RIGHT_HAND_LOCATIONS, *LEFT_HAND_LOCATIONS):
        free = [i for i, drive in enumerate(chosen) if drive.location == location and i not in placed]
        fixed = [drive for drive in placed.values() if drive.location == location]
        start_m = max((drive.road_map.bounds_m[2] for drive in fixed), default=0.0) + _GAP_M
        placed |= dict(zip(free, _in_rows([chosen[i] for i in free], start_m), strict=True))
    return [placed[i] for i in range(len(drives))]


def canvas_m(drives: Sequence[Drive]) -> tuple[float, float]:
    """Width and height that hold all road maps, from the origin."""
    bounds = np.array([drive.road_map.bounds_m for drive in drives])
    width, height = np.ceil(bounds[:, 2:].max(axis=0) + _GAP_M)
    return float(width), float(height)


def _in_rows(drives: Sequence[Drive], start_m: float) -> list[Drive]:
    """Side by side from the left edge, in rows of about the width that makes the whole square; tall ones first."""
    if not drives:
        return []
    bounds = np.array([drive.road_map.bounds_m for drive in drives])
    sizes = bounds[:, 2:] - bounds[:, :2] + _GAP_M
    row_m = max(float(np.sqrt(sizes.prod(axis=1).sum())), float(sizes[:, 0].max()))
    moved: dict[int, Drive] = {}
    x, y, height = 0.0, _GAP_M, 0.0
    for i in np.argsort(-sizes[:, 1], kind="stable").tolist():
        if x + sizes[i, 0] > row_m and x > 0:
            x, y, height = 0.0, y + height, 0.0
        moved[i] = _with_own_lanes(drives[i]).moved(*np.round([start_m + x, y] - bounds[i, :2]).tolist())
        x, height = x + float(sizes[i, 0]), max(height, float(sizes[i, 1]))
    return [moved[i] for i in range(len(drives))]


def _with_own_lanes(drive: Drive) -> Drive:
    """Other drives may use the same lane ids for other lanes."""
    return replace(drive, road_map=drive.road_map.renamed(lambda lane_id: token_of("lane", drive.name, lane_id)))
