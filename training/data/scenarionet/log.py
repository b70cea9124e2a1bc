"""A real log as a drive."""

from pathlib import Path

from training.data.drives.drive import Drive
from training.data.scenarionet import naming
from training.data.scenarionet.keyframes import keyframe_times
from training.data.scenarionet.motion import agents_of, ego_of
from training.data.scenarionet.road_map import near_path, road_map_of
from training.data.scenarionet.scenario import read_scenario


def read_drive(path: Path) -> Drive:
    """Reads a ScenarioNet scenario file (`sd_*.pkl`).

    Tracks are the source's own at its own times, in its frame; what else changes is said where it happens. Maps in the
    frame of one of nuScenes' towns stay whole, since scenes of one town share them; others end 250 m from the ego's
    path.

    Raises:
        InvalidField: The file is no such scenario, or something in it is missing or wrong; the field begins with the
            file's name.
    """
    scenario = read_scenario(path)
    ego = ego_of(scenario)
    agents, unknown = agents_of(scenario)
    location = naming.location(scenario, ego)
    road_map = road_map_of(scenario)
    return Drive(
        name=naming.scene_name(scenario),
        log_name=naming.log_name(scenario),
        source=naming.source(scenario),
        description=naming.description(scenario, ego, agents, unknown),
        date=naming.date(scenario),
        keyframe_times_s=keyframe_times(scenario.times_s),
        ego=ego,
        agents=agents,
        road_map=road_map if location else near_path(road_map, ego),
        seed=naming.seed(scenario),
        location=location,
        left_hand_traffic=naming.left_hand_traffic(scenario),
        scene_id=scenario.metadata.optional_text("scenario_token") if scenario.from_nuscenes else None,
    )
