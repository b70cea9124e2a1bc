"""How far the lanes beside the ego vehicle's own are."""

import numpy as np

from waymend.agents import VectorMap

USUAL_WIDTH_M = 3.5
_NARROWEST_M, _WIDEST_M = 2.5, 5.0
_OWN_WITHIN_M = 2.0
_PARALLEL = np.cos(np.deg2rad(30.0))


def neighbour_offsets(road_map: VectorMap | None) -> tuple[float, ...]:
    """Distance from the own lane's centre line to the next one on each side that has one, metres, left positive.

    Taken where the centre lines pass the ego vehicle, for lanes within 30 degrees of its heading in either direction of
    travel. Empty where no map is known or the vehicle is on no lane.
    """
    passing = np.array(sorted(_passing(road_map))) if road_map is not None else np.zeros(0)
    if not len(passing) or np.abs(passing).min() > _OWN_WITHIN_M:
        return ()
    apart = passing - passing[np.abs(passing).argmin()]
    beside = [side[(np.abs(side) >= _NARROWEST_M) & (np.abs(side) <= _WIDEST_M)] for side in (apart, apart[::-1])]
    left, right = beside[0][beside[0] > 0], beside[1][beside[1] < 0]
    return tuple(float(side[0]) for side in (left, right) if len(side))


def _passing(road_map: VectorMap) -> list[float]:
    """Where centre lines cross the vehicle's lateral axis, as y in metres."""
    found = []
    for line in road_map.polylines:
        if line.kind != "lane_centerline":
            continue
        points = line.points_ego_m.astype(np.float64)
        start, step = points[:-1], np.diff(points, axis=0)
        crosses = (start[:, 0] <= 0) != (points[1:, 0] <= 0)
        parallel = np.abs(step[:, 0]) > _PARALLEL * np.hypot(*step.T)
        for (x, y), (along, across) in zip(start[crosses & parallel], step[crosses & parallel], strict=True):
            found.append(float(y - x / along * across))
    return found
