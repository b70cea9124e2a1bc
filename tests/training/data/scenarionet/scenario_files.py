"""Small scenarios by hand, in the two forms that ScenarioNet's files take, and the files that they become."""

import pickle
from pathlib import Path

import numpy as np

STEPS = 61
TIMES_S = 0.1 * np.arange(STEPS)

_rng = np.random.default_rng(3)
JITTERED_TIMES_S = (TIMES_S + np.concatenate([[0.0], _rng.uniform(-4e-4, 4e-4, STEPS - 1)])).astype(np.float32)


def written(folder: Path, scenario: object, name: str = "sd_test.pkl") -> Path:
    path = folder / name
    path.write_bytes(pickle.dumps(scenario, protocol=4))
    return path


def nuscenes_track(kind, category, start_m, velocity_mps, size_lwh_m, z_m, valid=None):
    """Straight on from a place at a velocity; zeros where not valid, as ScenarioNet's files have it."""
    valid = np.ones(STEPS) if valid is None else valid
    position = np.column_stack([np.asarray(start_m) + TIMES_S[:, None] * velocity_mps, np.full(STEPS, z_m)])
    heading = np.full(STEPS, np.arctan2(velocity_mps[1], velocity_mps[0]))
    extents = {
        name: np.full((STEPS, 1), value) for name, value in zip(("length", "width", "height"), size_lwh_m, strict=True)
    }
    state = {"position": position, "heading": heading, "velocity": np.tile(velocity_mps, (STEPS, 1)), **extents}
    masked = {key: values * (valid if values.ndim == 1 else valid[:, None]) for key, values in state.items()}
    return {"type": kind, "state": masked | {"valid": valid}, "metadata": {"type": category, "object_id": "?"}}


def square(x_m, y_m, half_m):
    """A closed ring around a point."""
    return np.array([[x_m, y_m]]) + half_m * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]])


def nuscenes_scenario():
    """The ego goes east at 8 m/s on one of two lanes that join a connector, 1000 m from the map's corner."""
    late = (TIMES_S >= 2.0).astype(float)
    once = (np.arange(STEPS) == 10).astype(float)
    east, beyond = np.arange(1000.0, 1061.0), np.arange(1060.1, 1080.0)

    def line(y_m, x_m=east):
        """nuScenes' third column is the heading, not the height."""
        return [(float(x), y_m, 0.0) for x in x_m]

    def outline(y_m):
        return [[1000.0, y_m - 2], [1060.0, y_m - 2], [1060.0, y_m + 2], [1000.0, y_m + 2]]

    return {
        "id": "scene-0007",
        "version": "nuscenesv1.0-mini",
        "length": STEPS,
        "metadata": {
            "dataset": "nuscenes", "map": "boston-seaport", "date": "2018-08-28", "ts": TIMES_S,
            "scenario_token": "token of the scene", "sdc_id": "ego", "sample_rate": 0.1,
        },
        "tracks": {
            "car": nuscenes_track("VEHICLE", "vehicle.car", (1020.0, 502.0), (6.0, 0.0), (4.5, 1.9, 1.6), 1.2),
            "ego": nuscenes_track("VEHICLE", "vehicle.car", (1000.0, 502.0), (8.0, 0.0), (1.73, 4.08, 1.56), 0.0),
            "late": nuscenes_track(
                "PEDESTRIAN", "human.pedestrian.child", (1010.0, 510.0), (1.0, 0.0), (0.6, 0.6, 1.2), 0.9, late
            ),
            "once": nuscenes_track(
                "TRAFFIC_CONE", "movable_object.trafficcone", (1005.0, 509.0), (0.0, 0.0), (0.4, 0.4, 0.9), 0.5, once
            ),
            "never": nuscenes_track("VEHICLE", "vehicle.truck", (0.0, 0.0), (0.0, 0.0), (9.0, 2.5, 3.0), 1.5, 0 * late),
        },
        "dynamic_map_states": {},
        "map_features": {
            "lane a": {"type": "LANE_SURFACE_STREET", "polyline": line(502.0), "polygon": outline(502.0)},
            "lane b": {"type": "LANE_SURFACE_STREET", "polyline": line(506.0)[::-1], "polygon": outline(506.0)},
            "ahead": {"type": "LANE_SURFACE_STREET", "polyline": line(502.0, beyond), "speed_limit_kmh": 100},
            "boundary_0": {"type": "ROAD_LINE_SOLID_SINGLE_WHITE", "polyline": square(1040.0, 504.0, 60.0)},
            "boundary_1": {"type": "ROAD_LINE_SOLID_SINGLE_WHITE", "polyline": square(1040.0, 540.0, 20.0)},
            "boundary_2": {"type": "ROAD_LINE_SOLID_SINGLE_WHITE", "polyline": square(1040.0, 540.0, 10.0)},
            "middle": {"type": "ROAD_LINE_SOLID_SINGLE_YELLOW", "polyline": [[1000.0, 504.0], [1060.0, 504.0]]},
        },
    }  # fmt: skip


WAYMO_EGO_SIZE_LWH_M = (5.286, 2.332, 2.33)


def waymo_track(kind, start_m, velocity_mps, size_lwh_m, z_m, valid=None):
    """float32, one `size` for all extents, `valid` as bools."""
    track = nuscenes_track(kind, kind, start_m, velocity_mps, size_lwh_m, z_m, valid)
    state = track["state"]
    size = np.column_stack([state.pop(extent) for extent in ("length", "width", "height")])
    narrow = {key: values.astype(np.float32) for key, values in (state | {"size": size}).items()}
    return track | {"state": narrow | {"valid": state["valid"] > 0}}


def waymo_lane(points_m, **changes):
    """A lane on a hill."""
    points = np.column_stack([points_m, np.full(len(points_m), -300.0)]).astype(np.float32)
    values = {
        "type": "LANE_SURFACE_STREET", "polyline": points, "interpolating": False, "entry_lanes": [], "exit_lanes": [],
        "width": np.tile(np.float32([1.6, 1.9]), (len(points), 1)),
    }  # fmt: skip
    return values | changes


def _aside(line_m, x_m):
    return line_m + np.array([x_m, 0.0])


def waymo_scenario():
    """The ego goes north at 10 m/s past a crossing where its lane meets two connectors, at 300 m below zero."""
    north = np.column_stack([np.zeros(81), np.arange(-20.0, 61.0)])
    onward = np.column_stack([np.zeros(21), np.arange(60.0, 81.0)])
    angle = np.linspace(0.0, np.pi / 2, 20)
    left = np.column_stack([-10.0 + 10.0 * np.cos(angle), 60.0 + 10.0 * np.sin(angle)])
    far = np.column_stack([np.arange(0.0, 50.0), np.full(50, 900.0)])
    place_m = np.float32([0, 60, -300])
    return {
        "id": "0a1b2c3d4e5f6071",
        "version": "v1.2",
        "length": STEPS,
        "metadata": {
            "dataset": "waymo", "ts": JITTERED_TIMES_S + np.float32(7.0), "sdc_id": "1751", "coordinate": "waymo",
            "source_file": "training_20s.tfrecord-00014-of-01000",
        },
        "tracks": {
            "1751": waymo_track("VEHICLE", (0.0, 0.0), (0.0, 10.0), WAYMO_EGO_SIZE_LWH_M, -298.5),
            "7": waymo_track("VEHICLE", (3.5, 20.0), (0.0, 8.0), (12.0, 2.6, 3.2), -296.0),
            "20": waymo_track("OTHER", (-6.0, 30.0), (1.0, 0.0), (1.8, 0.7, 1.7), -299.0),
            "21": waymo_track("CYCLIST", (-6.0, 35.0), (1.0, 0.0), (1.8, 0.7, 1.7), -299.0),
            "22": waymo_track("TRAFFIC_BARRIER", (-6.0, 40.0), (0.0, 0.0), (0.5, 2.2, 1.0), -299.0),
        },
        "dynamic_map_states": {
            "102": {"type": "TRAFFIC_LIGHT", "lane": 102, "stop_point": place_m, "state": {}, "metadata": {}},
            "103": {
                "type": "TRAFFIC_LIGHT", "metadata": {},
                "state": {"lane": np.where(np.arange(STEPS) == 14, 103, 0), "stop_point": np.zeros((STEPS, 3))},
            },
        },
        "map_features": {
            "101": waymo_lane(north, exit_lanes=[102, 103]),
            "102": waymo_lane(onward, interpolating=True, entry_lanes=[101]),
            "103": waymo_lane(left, interpolating=True, entry_lanes=[101], exit_lanes=[999]),
            "104": waymo_lane(_aside(north, 8.0), width=np.zeros((81, 2), np.float32), type="LANE_FREEWAY"),
            "105": waymo_lane(_aside(north, -8.0), type="LANE_BIKE_LANE"),
            "106": waymo_lane(north[:1]),
            "107": waymo_lane(far),
            "201": {"type": "ROAD_LINE_BROKEN_DOUBLE_YELLOW", "polyline": _aside(north, -1.7)},
            "202": {"type": "ROAD_EDGE_BOUNDARY", "polyline": _aside(north, 2.0)},
            "203": {"type": "ROAD_EDGE_MEDIAN", "polyline": north[:1]},
            "301": {"type": "CROSSWALK", "polygon": np.float32([[-4, 62, 0], [4, 62, 0], [4, 66, 0], [-4, 66, 0]])},
            "302": {"type": "CROSS_WALK", "polyline": np.float32([[-4, 72, 0], [4, 72, 0], [4, 76, 0], [-4, 76, 0]])},
            "303": {"type": "DRIVEWAY", "polygon": np.float32([[1, 10, 0], [7, 10, 0], [7, 16, 0], [1, 16, 0]])},
            "304": {"type": "SPEED_BUMP", "polygon": np.float32([[-1, 1, 0], [1, 1, 0], [1, 2, 0], [-1, 2, 0]])},
            "305": {"type": "STOP_SIGN", "position": np.float32([11, 30, -298]), "lane": [104, 555]},
        },
    }  # fmt: skip
