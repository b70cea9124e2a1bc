"""Which lanes lead through an intersection."""

from collections.abc import Mapping

import numpy as np

from training.data.scenarionet.record import Record

_TYPE = "LANE_SURFACE_UNSTRUCTURE"
_TURN_RAD = 0.5


def connectors_among(lanes: Mapping[str, Record]) -> set[str]:
    """Ids of the lanes that are connectors.

    nuPlan's and nuScenes' are of a type of their own or, in early versions of ScenarioNet, the only lanes without an
    outline. Waymo flags them as `interpolating`. Early Waymo files flag no lane and Argoverse 2 flags all, which says
    nothing: there, a connector is what turns by more than 0.5 rad, or begins at a fork and ends at a merge. (On a
    Waymo scenario with flags, this finds 27 of 28 and three that have no flag.)

    Raises:
        InvalidField: A lane has no type, or a field of it is wrong.
    """
    typed = {lane_id for lane_id, lane in lanes.items() if lane.text("type") == _TYPE}
    if typed:
        return typed
    outlined = {lane_id for lane_id, lane in lanes.items() if "polygon" in lane}
    if outlined:
        return set(lanes) - outlined
    flagged = {lane_id for lane_id, lane in lanes.items() if lane.values.get("interpolating") is True}
    if 0 < len(flagged) < len(lanes):
        return flagged
    return {lane_id for lane_id, lane in lanes.items() if _turns(lane) or _between_fork_and_merge(lane, lanes)}


def _turns(lane: Record) -> bool:
    steps = np.diff(lane.points("polyline"), axis=0)
    if not len(steps):
        return False
    (x, y), (end_x, end_y) = steps[0], steps[-1]
    return abs(float(np.arctan2(x * end_y - y * end_x, x * end_x + y * end_y))) > _TURN_RAD


def _between_fork_and_merge(lane: Record, lanes: Mapping[str, Record]) -> bool:
    before = (lanes[name] for name in lane.names("entry_lanes") if name in lanes)
    after = (lanes[name] for name in lane.names("exit_lanes") if name in lanes)
    return any(len(other.names("exit_lanes")) > 1 for other in before) and any(
        len(other.names("entry_lanes")) > 1 for other in after
    )
