"""What a drive out of a scenario file is called, and where and when it was."""

import hashlib
import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

from training.data.drives.drive import Agent
from training.data.drives.track import Track
from training.data.scenarionet.scenario import Scenario

UNKNOWN_DATE = "1970-01-01"
NUSCENES_MAPS = ("singapore-onenorth", "singapore-hollandvillage", "singapore-queenstown", "boston-seaport")

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_UNFIT = re.compile(r"[^A-Za-z0-9._-]+")
_LEFT_HAND_MAPS = ("singapore", "sg-")
"""How the maps of Singapore are called in nuScenes and in nuPlan."""

_NOUNS = {
    "vehicle": ("vehicle", "vehicles"),
    "human": ("person", "people"),
    "animal": ("animal", "animals"),
    "movable_object": ("object", "objects"),
    "static_object": ("fixture", "fixtures"),
}
"""One and many, by the first part of a category."""


def scene_name(scenario: Scenario) -> str:
    """The scenario's id, with a hyphen for whatever does not belong in a file name."""
    return _UNFIT.sub("-", scenario.scenario_id).strip("-.") or "scene"


def log_name(scenario: Scenario) -> str:
    """The recording, as far as the file tells.

    nuPlan names it. For nuScenes it is the place and the day, which may join several logs of one vehicle but never
    parts one. Waymo cuts its scenarios from recordings that it does not name (`source_file` is but a shard): each is
    its own log.
    """
    log = scenario.metadata.optional_text("log_name")
    if log is None and scenario.from_nuscenes:
        log = f"{scenario.metadata.text('map')}-{date(scenario)}"
    return log or scene_name(scenario)


def source(scenario: Scenario) -> str:
    """Such as `nuscenes v1.0-mini` or `waymo`: with the version of the data set where the file's version is that."""
    version = scenario.version.removeprefix(scenario.dataset)
    return scenario.dataset if version == scenario.version else f"{scenario.dataset} {version}"


def date(scenario: Scenario) -> str:
    given = scenario.metadata.optional_text("date") or ""
    return given if _DATE.fullmatch(given) else UNKNOWN_DATE


def location(scenario: Scenario, ego: Track) -> str | None:
    """The nuScenes map whose frame the scenario lies in; None elsewhere.

    ScenarioNet's later versions move each scene so that the ego starts at the origin, and do not say by how much.
    """
    moved = not np.abs(ego.positions_m[0, :2]).max() > 1.0
    name = scenario.metadata.optional_text("map")
    return name if scenario.from_nuscenes and name in NUSCENES_MAPS and not moved else None


def left_hand_traffic(scenario: Scenario) -> bool:
    return (scenario.metadata.optional_text("map") or "").startswith(_LEFT_HAND_MAPS)


def seed(scenario: Scenario) -> int:
    """The same on every machine and in every process."""
    digest = hashlib.sha256(f"{scenario.dataset}/{scenario.scenario_id}".encode()).digest()
    return int.from_bytes(digest[:4], "big")


def description(scenario: Scenario, ego: Track, agents: Sequence[Agent], unknown: int) -> str:
    """One line: the data set, how many of each kind, how fast the ego drives."""
    counts = Counter(agent.category.split(".")[0] for agent in agents)
    parts = [f"{counts[kind]} {nouns[counts[kind] > 1]}" for kind, nouns in _NOUNS.items() if counts[kind]]
    parts += [f"{unknown} of unknown kind left out"] if unknown else []
    steps = np.linalg.norm(np.diff(ego.positions_m[:, :2], axis=0), axis=1) / np.diff(ego.times_s)
    speeds = f"{np.percentile(steps, 2):.1f} to {np.percentile(steps, 98):.1f} m/s"
    return f"{source(scenario)}: {', '.join(parts) or 'nobody else'}; the ego at {speeds}."
