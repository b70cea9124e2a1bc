"""Whatever is wrong with a file is said with the place where it is."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.training.data.scenarionet.scenario_files import STEPS, nuscenes_scenario, waymo_scenario, written
from training.data.scenarionet.log import read_drive
from waymend.errors import InvalidField


class _Call:
    def __reduce__(self):
        return os.system, ("true",)


def _refused(tmp_path: Path, scenario: object) -> InvalidField:
    with pytest.raises(InvalidField) as refused:
        read_drive(written(tmp_path, scenario))
    return refused.value


def test_a_hostile_pickle_is_refused(tmp_path):
    error = _refused(tmp_path, nuscenes_scenario() | {"extra": _Call()})
    assert error.field == "sd_test.pkl"
    assert "system is not allowed" in error.given


def test_an_array_of_objects_is_refused(tmp_path):
    error = _refused(tmp_path, nuscenes_scenario() | {"extra": np.array([None, {}], dtype=object)})
    assert "not allowed" in error.given


def test_a_file_that_is_no_pickle_is_refused(tmp_path):
    (tmp_path / "sd_text.pkl").write_text("a text")
    with pytest.raises(InvalidField, match=r"^sd_text\.pkl: "):
        read_drive(tmp_path / "sd_text.pkl")


@pytest.mark.parametrize("content", [[], 5, {"metadata": {}, "id": "7"}])
def test_a_file_of_another_shape_is_told_what_it_lacks(tmp_path, content):
    error = _refused(tmp_path, content)
    assert error.field == "sd_test.pkl"
    assert error.expected == "a ScenarioNet scenario, a dict with id, metadata, tracks, map_features"
    assert error.given.endswith("tracks, map_features")


def _set(*path: Any) -> Callable[[dict], None]:
    """Sets what stands at the path but for its last part, which is the value."""
    *keys, value = path

    def change(scenario):
        for key in keys[:-1]:
            scenario = scenario[key]
        scenario[keys[-1]] = value

    return change


def _without(*keys: str) -> Callable[[dict], None]:
    def change(scenario):
        for key in keys[:-1]:
            scenario = scenario[key]
        del scenario[keys[-1]]

    return change


def _state(track: str, key: str, change: Callable[[np.ndarray], object]) -> Callable[[dict], None]:
    def apply(scenario):
        state = scenario["tracks"][track]["state"]
        state[key] = change(state[key].copy())

    return apply


def _put(index: object, value: float) -> Callable[[np.ndarray], np.ndarray]:
    def change(values):
        values[index] = value
        return values

    return change


_PARAMETERS = "ego_vehicle_parameters"
_AXLE = "ego_vehicle_parameters.rear_axle_to_center"
_TIMES = np.arange(STEPS) * 0.1


@pytest.mark.parametrize(
    ("change", "field", "reason"),
    [
        (_without("metadata", "sdc_id"), "metadata.sdc_id", "a name, given nothing"),
        (_set("metadata", "sdc_id", "nobody"), "metadata.sdc_id", "the id of a track, the ego's, given nobody"),
        (_without("tracks", "ego"), "metadata.sdc_id", "the id of a track"),
        (_without("metadata", "dataset"), "metadata.dataset", "a name, given nothing"),
        (_without("metadata", "map"), "metadata.map", "a name, given nothing"),
        (_set("tracks", []), "tracks", "a dict, given list"),
        (_set("tracks", "car", None), "tracks.car", "a dict, given nothing"),
        (_without("metadata", "ts"), "metadata.ts", "numbers, given nothing"),
        (_set("metadata", "ts", _TIMES[::-1]), "metadata.ts", "times [T] that rise"),
        (_set("metadata", "ts", _TIMES * 0), "metadata.ts", "times [T] that rise"),
        (_set("metadata", "ts", _TIMES * np.nan), "metadata.ts", "times [T] that rise"),
        (_set("metadata", "ts", _TIMES[:, None]), "metadata.ts", "times [T] that rise"),
        (_set("metadata", "ts", ["early", "late"]), "metadata.ts", "an array of numbers"),
        (_set("metadata", "ts", _TIMES[:40]), "metadata.ts", "at least 4.0 s, given 3.90 s"),
        (_set("metadata", "ts", _TIMES[:3]), "metadata.ts", "at least 4.0 s, given 0.20 s"),
        (_set("metadata", "ts", _TIMES[:-1]), "tracks.ego.state.valid", "shape [60], given shape [61]"),
        (_state("ego", "valid", _put(12, 0)), "tracks.ego.state.valid", "not valid at step 12"),
        (_state("ego", "valid", np.zeros_like), "tracks.ego.state.valid", "not valid at step 0"),
        (_state("ego", "position", _put((7, 1), np.nan)), "tracks.ego.state.position", "at step 7"),
        (_state("ego", "heading", _put(9, np.inf)), "tracks.ego.state.heading", "[inf] at step 9"),
        (_state("car", "position", _put((30, 2), np.nan)), "tracks.car.state.position", "at step 30"),
        (_state("late", "heading", _put(25, np.nan)), "tracks.late.state.heading", "at step 25"),
        (_state("car", "width", _put(3, np.nan)), "tracks.car.state.length, width, height", "at step 3"),
        (_state("car", "height", np.zeros_like), "tracks.car.state.length, width, height", "more than 0 m"),
        (_state("car", "position", lambda values: values[:, :1]), "tracks.car.state.position", "given shape [61, 1]"),
        (_state("car", "position", lambda values: values[:-1]), "tracks.car.state.position", "given shape [60, 3]"),
        (_state("car", "heading", lambda values: values[:-1]), "tracks.car.state.heading", "given shape [60]"),
        (_state("car", "length", lambda values: values[:-1]), "tracks.car.state.length", "given shape [60, 1]"),
        (_state("car", "valid", lambda values: "always"), "tracks.car.state.valid", "an array of numbers"),
        (_without("tracks", "car", "state", "heading"), "tracks.car.state.heading", "numbers, given nothing"),
        (_without("tracks", "car", "state"), "tracks.car.state", "a dict, given nothing"),
        (_without("tracks", "car", "type"), "tracks.car.type", "a name, given nothing"),
        (_set("map_features", {}), "map_features", "no feature at all"),
        (_set("map_features", {"s": {"type": "STOP_SIGN"}}), "map_features", "at least one lane, given only STOP_SIGN"),
        (_without("map_features", "lane a", "type"), "map_features.lane a.type", "a name, given nothing"),
        (_without("map_features", "lane a", "polyline"), "map_features.lane a.polyline", "numbers, given nothing"),
        (_set("map_features", "lane a", "polyline", [1.0, 2.0]), "map_features.lane a.polyline", "points [N, 2 or 3]"),
        (_set("map_features", "lane a", "polyline", [[1.0], [2.0, 3.0]]), "map_features.lane a.polyline", "an array"),
        (_set("map_features", "lane a", "polygon", [[0, np.nan]] * 4), "map_features.lane a.polygon", "finite numbers"),
        (_set("map_features", "lane a", "exit_lanes", 7), "map_features.lane a.exit_lanes", "a list of ids, given 7"),
        (_set("map_features", "boundary_0", "polyline", "ring"), "map_features.boundary_0.polyline", "an array"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(tmp_path, change, field, reason):
    scenario = nuscenes_scenario()
    change(scenario)
    error = _refused(tmp_path, scenario)
    assert error.field == f"sd_test.pkl.{field}"
    assert reason in f"{error.expected}, given {error.given}"


@pytest.mark.parametrize(
    ("change", "field", "reason"),
    [
        (_state("7", "size", lambda values: values[:, :2]), "tracks.7.state.size", "given shape [61, 2]"),
        (_state("7", "size", _put((5, 0), np.nan)), "tracks.7.state.size", "at step 5"),
        (_set("map_features", "101", "width", np.ones((3, 2))), "map_features.101.width", "given shape [3, 2]"),
        (_set("map_features", "305", "position", [1.0]), "map_features.305.position", "two or three finite numbers"),
        (_without("map_features", "305", "position"), "map_features.305.position", "numbers, given nothing"),
        (_set("metadata", _PARAMETERS, {}), f"metadata.{_AXLE}", "a number, given nothing"),
        (_set("metadata", _PARAMETERS, {"rear_axle_to_center": []}), f"metadata.{_AXLE}", "a number, given []"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_waymo_s_fields_is_named(tmp_path, change, field, reason):
    scenario = waymo_scenario()
    change(scenario)
    error = _refused(tmp_path, scenario)
    assert error.field == f"sd_test.pkl.{field}"
    assert reason in f"{error.expected}, given {error.given}"


def test_what_is_wrong_where_an_agent_is_not_valid_does_not_matter(tmp_path):
    scenario = nuscenes_scenario()
    scenario["tracks"]["late"]["state"]["position"][:20] = np.nan
    assert len(read_drive(written(tmp_path, scenario)).agents) == 3


def test_early_versions_call_their_times_by_another_name(tmp_path):
    scenario = nuscenes_scenario()
    scenario["metadata"]["timestep"] = scenario["metadata"].pop("ts")
    assert read_drive(written(tmp_path, scenario)).ego.times_s[-1] == pytest.approx(6.0)


def _places(values, path=()):
    for key, value in values.items():
        yield (*path, key)
        if isinstance(value, dict):
            yield from _places(value, (*path, key))


@pytest.mark.parametrize("source", [nuscenes_scenario, waymo_scenario])
def test_whatever_stands_anywhere_is_read_or_refused_by_name(tmp_path, source):
    odd = ("text", 10**400, np.array(5.0), [[0.0, 0.0], [1.0]], None)
    fields = []
    for index, place in enumerate(_places(source())):
        scenario = source()
        _set(*place, odd[index % len(odd)])(scenario)
        try:
            read_drive(written(tmp_path, scenario))
        except InvalidField as error:
            fields.append(error.field)
    assert len(fields) > 50
    assert all(field.startswith("sd_test.pkl") for field in fields)
