"""A scenario file, opened and checked as far as every part of it relies on."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from perception_service.convert.plain_pickle import read_plain_pickle
from training.data.scenarionet.record import Record
from waymend.errors import InvalidField

SHORTEST_S = 4.0
"""1 s of past and 3 s of future: a shorter log gives no correction sample."""

_PARTS = ("id", "metadata", "tracks", "map_features")
_TOLERANCE_S = 1e-6


@dataclass(frozen=True, slots=True)
class Scenario:
    """The parts of a ScenarioNet file, after MetaDrive's `ScenarioDescription`.

    Attributes:
        file_name: Of the file, with which every path in an error begins.
        scenario_id: The source's own name for it.
        dataset: `nuscenes`, `waymo`, `nuplan`, `av2` or another.
        version: Of the data set or of the converter, as the source likes; may be empty.
        metadata: About the recording.
        times_s: float64 [T], rising, 0 at the first step.
        ego_id: Which of the tracks is the recording vehicle's.
        tracks: By object.
        map_features: By id.
        lights: States of traffic lights, by id; often none.
    """

    file_name: str
    scenario_id: str
    dataset: str
    version: str
    metadata: Record
    times_s: NDArray[np.float64]
    ego_id: str
    tracks: dict[str, Record]
    map_features: dict[str, Record]
    lights: dict[str, Record]

    @property
    def from_nuscenes(self) -> bool:
        return self.dataset == "nuscenes"


def read_scenario(path: Path) -> Scenario:
    """Opens a scenario file; a pickle from elsewhere can do no harm.

    Raises:
        InvalidField: It is no such file, lacks a part, its times do not rise or span less than 4 s, it has no ego, or
            no map.
    """
    content = read_plain_pickle(path, arrays=True)
    missing = [part for part in _PARTS if part not in content] if isinstance(content, Mapping) else list(_PARTS)
    if missing:
        expected = f"a ScenarioNet scenario, a dict with {', '.join(_PARTS)}"
        raise InvalidField(path.name, expected, f"one without {', '.join(missing)}")
    scenario = Record(path.name, content)
    metadata = scenario.record("metadata")
    tracks = scenario.records("tracks")
    features = scenario.records("map_features")
    if not features:
        raise InvalidField(f"{path.name}.map_features", "the roads of the scene", "no feature at all")
    return Scenario(
        file_name=path.name,
        scenario_id=scenario.text("id"),
        dataset=metadata.text("dataset"),
        version=scenario.optional_text("version") or "",
        metadata=metadata,
        times_s=_times_s(metadata),
        ego_id=_ego_id(metadata, tracks),
        tracks=tracks,
        map_features=features,
        lights=scenario.records("dynamic_map_states") if "dynamic_map_states" in scenario else {},
    )


def _times_s(metadata: Record) -> NDArray[np.float64]:
    """`ts`, which early ScenarioNet versions named `timestep`."""
    key = "timestep" if "timestep" in metadata and "ts" not in metadata else "ts"
    times = metadata.numbers(key)
    if times.ndim != 1 or not times.size or not np.isfinite(times).all() or (np.diff(times) <= 0).any():
        raise InvalidField(f"{metadata.path}.{key}", "times [T] that rise", times)
    if times[-1] - times[0] < SHORTEST_S - _TOLERANCE_S:
        raise InvalidField(f"{metadata.path}.{key}", f"at least {SHORTEST_S} s", f"{times[-1] - times[0]:.2f} s")
    return times - times[0]


def _ego_id(metadata: Record, tracks: Mapping[str, Record]) -> str:
    ego_id = metadata.text("sdc_id")
    if ego_id not in tracks:
        raise InvalidField(f"{metadata.path}.sdc_id", "the id of a track, the ego's", ego_id)
    return ego_id
