"""A small drive by hand: 20 s at 9 m/s along a straight two-way street, with one agent of each kind beside it."""

import numpy as np
import shapely
from shapely import LineString, MultiPolygon

from training.data.drives.drive import Agent, Drive
from training.data.drives.road_map import Divider, Lane, LineColor, RoadMap
from training.data.drives.track import Track

TIMES_S = np.arange(201) * 0.1
SPEED_MPS = 9.0
EGO_Y_M = -1.75
PARKED_SIZE_LWH_M = (4.6, 1.9, 1.6)

SIZES_LWH_M = {
    "vehicle.car": (4.6, 1.9, 1.6),
    "vehicle.truck": (8.3, 2.4, 3.4),
    "vehicle.bus.rigid": (11.0, 2.6, 3.2),
    "vehicle.bicycle": (1.8, 0.6, 1.8),
    "human.pedestrian.adult": (0.7, 0.66, 1.76),
    "movable_object.trafficcone": (0.4, 0.4, 0.9),
    "movable_object.barrier": (0.5, 2.2, 1.0),
    "vehicle.trailer": (10.0, 2.5, 3.6),
    "human.pedestrian.stroller": (0.9, 0.6, 1.1),
}


def track(x_m, y_m, z_m=0.0, speed_mps=0.0, yaw_rad=0.0, valid=None):
    """Straight on at constant speed, seen from above at y."""
    along = x_m + speed_mps * np.cos(yaw_rad) * TIMES_S
    positions = np.stack([along, np.full(201, y_m), np.full(201, z_m)], axis=1)
    return Track(TIMES_S, positions, np.full(201, yaw_rad), np.ones(201, bool) if valid is None else valid)


def agent(agent_id, category, x_m, y_m, speed_mps=0.0, yaw_rad=0.0, valid=None):
    size = SIZES_LWH_M[category]
    return Agent(agent_id, category, size, track(x_m, y_m, size[2] / 2, speed_mps, yaw_rad, valid))


def _aside(line_m, left_m):
    return line_m + np.array([0.0, left_m])


def three_drives(frames: int, last_frames: int | None = None) -> list[Drive]:
    """At 9, 9 and 5 m/s, the second one mirrored, of so many key frames each; the third of another number if given."""
    slow = track(0.0, EGO_Y_M, 0.0, 5.0)
    return [
        straight_drive(frames=frames),
        straight_drive(frames=frames, name="scene-0002").mirrored(),
        straight_drive(frames=last_frames or frames, name="scene-0003", ego=slow),
    ]


def street() -> RoadMap:
    line = np.stack([np.arange(-60.0, 301.0, 2.0), np.zeros(181)], axis=1)

    def lane(lane_id, offset_m, successors=()):
        centerline = _aside(line, offset_m)
        surface = LineString(centerline).buffer(1.75, cap_style="flat")
        return Lane(lane_id, centerline if offset_m < 0 else centerline[::-1], surface, successors=successors)

    after = Lane(
        "after", np.array([[300.0, EGO_Y_M], [340.0, EGO_Y_M]]), shapely.box(300, -3.5, 340, 0), connector=True
    )
    return RoadMap(
        lanes=(lane("right", EGO_Y_M, ("after",)), lane("left", -EGO_Y_M), after),
        drivable=MultiPolygon([shapely.box(-60, -6, 340, 6)]),
        dividers=(
            Divider(line, LineColor.YELLOW, double=True, divides_directions=True),
            Divider(_aside(line, 3.5)),
            Divider(_aside(line, -3.5), dashed=True),
        ),
        crossings=(shapely.box(120, -6, 124, 6),),
        stop_lines=(shapely.box(118, -3.5, 118.4, 0),),
        walkways=(shapely.box(-60, 6, 340, 9), shapely.box(-60, -9, 340, -6)),
    )


def straight_drive(frames: int = 3, name: str = "scene-0001", **changes) -> Drive:
    """The first `frames` key frames; agents of every kind stand or move within sight of them."""
    valid_late = TIMES_S >= 0.45
    agents = (
        agent("lead", "vehicle.car", 22.0, EGO_Y_M, SPEED_MPS),
        agent("oncoming", "vehicle.truck", 40.0, -EGO_Y_M, 8.0, np.pi),
        agent("bus", "vehicle.bus.rigid", -18.0, -EGO_Y_M, 0.0, np.pi),
        agent("behind the bus", "vehicle.car", -30.0, 4.6),
        agent("parked", "vehicle.car", 9.0, -4.9),
        agent("walker", "human.pedestrian.adult", 14.0, 7.0, 1.3),
        agent("late", "human.pedestrian.adult", 18.0, -7.5, 0.0, valid=valid_late),
        agent("cyclist", "vehicle.bicycle", -12.0, -4.6, 5.0),
        agent("cone", "movable_object.trafficcone", 12.0, 5.0),
        agent("barrier", "movable_object.barrier", 25.0, 5.2),
        agent("trailer", "vehicle.trailer", 34.0, -7.5),
        agent("stroller", "human.pedestrian.stroller", 8.0, 7.5),
    )
    values = {
        "name": name, "log_name": f"log of {name}", "source": "by hand", "description": "Straight on.",
        "date": "2020-01-01", "keyframe_times_s": 0.5 * np.arange(frames), "ego": track(0.0, EGO_Y_M, 0.0, SPEED_MPS),
        "agents": agents, "road_map": street(), "seed": 5,
    }  # fmt: skip
    return Drive(**(values | changes))
