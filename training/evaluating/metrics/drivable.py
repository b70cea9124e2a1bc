"""Whether the vehicle stays on the drivable area.

A trajectory is off the road where a corner or an inner point of the vehicle's box lies more than 0.3 m outside the
union of the map's drivable areas, at some pose from now to the last waypoint, at most 0.1 s apart: nuPlan's
`drivable_area_compliance` and its tolerance, as the verifier applies it. Without a map nothing is known; what lies
beyond the map is off the road.
"""

import numpy as np
from numpy.typing import NDArray

from llm_service.verifier.drivable_area import DrivableRegion, excursion_of
from llm_service.verifier.path import EgoPath

TOLERANCE_M = 0.3


def outside_m(path: EgoPath, region: DrivableRegion | None) -> float:
    """The farthest that the vehicle reaches outside, metres; NaN where no drivable area is known."""
    return float("nan") if region is None else excursion_of(path, region).outside_m


def off_road_summary(outside: NDArray[np.float64]) -> dict[str, float | int | None]:
    """Share of N cases, of what `outside_m` says [N]; None where nothing is known."""
    known = outside[~np.isnan(outside)]
    rate = float((known > TOLERANCE_M).mean()) if len(known) else None
    return {"off_road_rate": rate, "off_road_cases": len(known)}
