"""The roads of a scenario."""

from dataclasses import replace

import shapely
from shapely import LineString

from training.data.drives.road_map import RoadMap
from training.data.drives.track import Track
from training.data.scenarionet.areas import read_crossings, read_drivable, read_walkways
from training.data.scenarionet.dividers import read_dividers
from training.data.scenarionet.lanes import read_lanes
from training.data.scenarionet.scenario import Scenario
from training.data.scenarionet.shapes import multi_polygon
from training.data.scenarionet.stop_lines import read_stop_lines
from waymend.errors import InvalidField

REACH_M = 250.0


def road_map_of(scenario: Scenario) -> RoadMap:
    """All that the scenario knows of its roads.

    Raises:
        InvalidField: It has no lane, or a feature of it is wrong.
    """
    features = scenario.map_features
    lanes = read_lanes(features)
    if not lanes:
        kinds = ", ".join(sorted({feature.text("type") for feature in features.values()}))
        raise InvalidField(f"{scenario.file_name}.map_features", "at least one lane", f"only {kinds}")
    return RoadMap(
        lanes=lanes,
        drivable=read_drivable(features, lanes),
        dividers=read_dividers(features),
        crossings=read_crossings(features),
        stop_lines=read_stop_lines(features, scenario.lights, lanes),
        walkways=read_walkways(features),
    )


def near_path(road_map: RoadMap, ego: Track) -> RoadMap:
    """What lies within 250 m of where the ego drives; lanes and lines stay whole."""
    near = LineString(ego.positions_m[:, :2]).buffer(REACH_M)
    shapely.prepare(near)
    lanes = [lane for lane in road_map.lanes if near.intersects(lane.surface)]
    known = {lane.lane_id for lane in lanes}
    drivable = shapely.union_all([road_map.drivable & near, *(lane.surface for lane in lanes)])
    return RoadMap(
        lanes=tuple(replace(lane, successors=tuple(filter(known.__contains__, lane.successors))) for lane in lanes),
        drivable=multi_polygon(drivable),
        dividers=tuple(line for line in road_map.dividers if near.intersects(LineString(line.line_m))),
        crossings=tuple(filter(near.intersects, road_map.crossings)),
        stop_lines=tuple(filter(near.intersects, road_map.stop_lines)),
        walkways=tuple(filter(near.intersects, road_map.walkways)),
    )
