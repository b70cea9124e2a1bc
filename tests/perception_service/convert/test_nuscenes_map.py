"""The map around the vehicle, found through an index, is what walking the whole town finds."""

import json

import numpy as np
import pytest
from nuscenes.map_expansion.map_api import NuScenesMap
from shapely import LineString, box

from perception_service.convert.nuscenes_map import map_around
from perception_service.convert.nuscenes_map_index import open_map
from tests.perception_service.convert import synthetic_nuscenes as data_set
from waymend.geometry import Pose

RADIUS_M = 60.0
EDGE_M = 1000.0


@pytest.fixture(scope="module")
def dataroot(tmp_path_factory):
    """The synthetic town with 300 more lanes, 200 dividers, 400 crossings and stop lines and 20 drivable areas."""
    directory = tmp_path_factory.mktemp("town")
    data_set.write_map_expansion(directory)
    path = directory / "maps" / "expansion" / f"{data_set.LOCATION}.json"
    town = json.loads(path.read_text())
    _grow(town, np.random.default_rng(5))
    path.write_text(json.dumps(town))
    return directory


def _grow(town, random):
    def line(name, points):
        nodes = [{"token": f"{name}-{i}", "x": x, "y": y} for i, (x, y) in enumerate(points.tolist())]
        town["node"] += nodes
        return [node["token"] for node in nodes]

    def square(name, size_m):
        corner = random.uniform(0, EDGE_M - size_m, 2)
        exterior = line(name, corner + size_m * np.array([[0, 0], [1, 0], [1, 1], [0, 1]]))
        hole = line(f"{name}-hole", corner + size_m * (0.4 + 0.2 * np.array([[0, 0], [1, 0], [1, 1], [0, 1]])))
        town["polygon"].append({"token": name, "exterior_node_tokens": exterior, "holes": [{"node_tokens": hole}]})

    for i in range(300):
        start, yaw, shape = random.uniform(0, EDGE_M, 2), random.uniform(-np.pi, np.pi), ["LSR", "RSL", "LSL"][i % 3]
        lane = {"token": f"lane-{i}", "polygon_token": "road"}
        lane |= {"left_lane_divider_segments": [], "right_lane_divider_segments": []}
        town["lane" if i % 2 else "lane_connector"].append(lane)
        town["arcline_path_3"][f"lane-{i}"] = [
            {
                "start_pose": [*start, yaw], "end_pose": [0.0, 0.0, 0.0], "shape": shape, "radius": 20.0,
                "segment_length": random.uniform(2.0, 20.0, 3).tolist(),
            }
        ]  # fmt: skip
    for i in range(200):
        points = random.uniform(0, EDGE_M, 2) + np.cumsum(random.uniform(-8, 8, (6, 2)), axis=0)
        town["line"].append({"token": f"line-{i}", "node_tokens": line(f"line-{i}", points)})
        town["lane_divider" if i % 2 else "road_divider"].append({"token": f"divider-{i}", "line_token": f"line-{i}"})
    for i in range(400):
        square(f"small-{i}", 6.0)
        layer = "ped_crossing" if i % 2 else "stop_line"
        kind = {"stop_line_type": "TURN_STOP", "ped_crossing_tokens": []}
        town[layer].append({"token": f"on-{i}", "polygon_token": f"small-{i}"} | kind)
    for i in range(20):
        square(f"area-{i}", 90.0)
    town["drivable_area"].append({"token": "more", "polygon_tokens": [f"area-{i}" for i in range(20)]})
    town["line"].append({"token": "empty", "node_tokens": []})
    town["road_divider"].append({"token": "empty divider", "line_token": "empty"})


def walked(dataroot, x, y):
    """Kinds and clipped lengths of all lines, and clipped sizes of all areas, without an index."""
    town = NuScenesMap(str(dataroot), data_set.LOCATION)
    lanes = [lane["token"] for lane in (*town.lane, *town.lane_connector)]
    lines = [
        ("lane_centerline", LineString(np.array(poses)[:, :2])) for poses in town.discretize_lanes(lanes, 1.0).values()
    ]
    for layer in ("lane_divider", "road_divider"):
        lines += [("lane_divider", town.extract_line(row["line_token"])) for row in getattr(town, layer)]
    for layer, kind in (("ped_crossing", "crossing"), ("stop_line", "stop_line")):
        lines += [(kind, town.extract_polygon(row["polygon_token"]).exterior) for row in getattr(town, layer)]
    areas = [town.extract_polygon(token).buffer(0) for row in town.drivable_area for token in row["polygon_tokens"]]
    patch = box(x - RADIUS_M, y - RADIUS_M, x + RADIUS_M, y + RADIUS_M)
    return (
        [(kind, line) for kind, line in lines if line.intersects(patch)],
        [area for area in areas if area.intersects(patch)],
        patch,
    )


@pytest.mark.parametrize(("x", "y"), [(450.0, 600.0), (100.0, 120.0), (880.0, 300.0), (-500.0, 0.0)])
def test_the_index_finds_what_a_walk_through_the_town_finds(dataroot, x, y):
    lines, areas, patch = walked(dataroot, x, y)
    town = open_map(dataroot, data_set.LOCATION)
    assert [kind for kind, _ in town.lines_in(patch)] == [kind for kind, _ in lines]
    assert all(found.equals(line) for (_, found), (_, line) in zip(town.lines_in(patch), lines, strict=True))
    assert [area.wkt for area in town.areas_in(patch)] == [area.wkt for area in areas]


def test_the_map_around_is_cut_out_and_in_the_ego_frame(dataroot):
    x, y, yaw_rad = 450.0, 600.0, 0.7
    lines, areas, patch = walked(dataroot, x, y)
    pose = Pose.from_yaw(yaw_rad, (x, y, 0.0))
    around = map_around(dataroot, data_set.LOCATION, pose)
    for kind in ("lane_centerline", "lane_divider", "crossing", "stop_line"):
        expected_m = sum(line.intersection(patch).length for name, line in lines if name == kind)
        found_m = sum(LineString(line.points_ego_m).length for line in around.polylines if line.kind == kind)
        assert found_m == pytest.approx(expected_m, rel=2e-3)
        assert expected_m > 10
    assert len(around.drivable_areas) == sum(len(getattr(a.intersection(patch), "geoms", [0])) for a in areas)
    points = np.concatenate([line.points_ego_m for line in around.polylines])
    in_global = pose.apply(np.column_stack([points, np.zeros(len(points))]))[:, :2]
    assert np.abs(in_global - [x, y]).max() <= RADIUS_M + 1e-3


def test_lanes_know_which_follow_them(tmp_path):
    data_set.write_map_expansion(tmp_path)
    path = tmp_path / "maps" / "expansion" / f"{data_set.LOCATION}.json"
    town = json.loads(path.read_text())
    path.write_text(json.dumps(town | {"connectivity": {"lane": {"incoming": [], "outgoing": ["a", "b"]}}}))
    index = open_map(tmp_path, data_set.LOCATION)
    assert index.successors == {"lane": ("a", "b")}
    poses = index.lane_poses["lane"]
    np.testing.assert_allclose(poses[[0, -1]], [[400.0, 595.0, 0.0], [500.0, 595.0, 0.0]], atol=1e-6)
    assert np.linalg.norm(np.diff(poses[:, :2], axis=0), axis=1).max() <= 1.0
