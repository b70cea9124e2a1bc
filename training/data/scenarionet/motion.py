"""The ego vehicle and the agents of a scenario, in the conventions of a drive."""

import numpy as np

from training.data.drives.drive import Agent
from training.data.drives.track import Track
from training.data.scenarionet.categories import category_of
from training.data.scenarionet.object_track import ObjectTrack, read_track
from training.data.scenarionet.scenario import Scenario
from waymend import ego_vehicle
from waymend.errors import InvalidField


def ego_of(scenario: Scenario) -> Track:
    """The rear axle on the ground, at the source's own times.

    nuScenes records the rear axle. The others record the middle of the box; the rear axle lies behind it, by
    nuPlan's own measure (`ego_vehicle_parameters.rear_axle_to_center`), else by as large a share of the vehicle's
    length as on nuScenes' Renault Zoe.

    Raises:
        InvalidField: It is not valid at every step, or a field of it is wrong.
    """
    record = scenario.tracks[scenario.ego_id]
    steps = len(scenario.times_s)
    track = read_track(record, steps)
    if track is None or not track.valid.all():
        step = 0 if track is None else int(np.argmin(track.valid))
        raise InvalidField(f"{record.path}.state.valid", "the ego valid at every step", f"not valid at step {step}")
    forward = np.stack([np.cos(track.yaws_rad), np.sin(track.yaws_rad)], axis=1)
    rear_axle = track.positions_m[:, :2] - _rear_axle_to_position_m(scenario, track) * forward
    return Track(scenario.times_s, np.pad(rear_axle, ((0, 0), (0, 1))), track.yaws_rad, track.valid)


def agents_of(scenario: Scenario) -> tuple[tuple[Agent, ...], int]:
    """Everyone but the ego, and how many objects are left out because nuScenes has no category for them.

    nuScenes gives the true height of each box, which stays. The ground of the others is hilly, or they give no height:
    there, everyone stands on flat ground.

    Raises:
        InvalidField: A field of an object is wrong.
    """
    agents, unknown = [], 0
    for track_id, record in scenario.tracks.items():
        track = read_track(record, len(scenario.times_s)) if track_id != scenario.ego_id else None
        if track is None:
            continue
        category = category_of(track.kind, track.source_kind, track.size_lwh_m)
        if category is None:
            unknown += 1
        else:
            agents.append(_agent(scenario, track_id, category, track))
    return tuple(agents), unknown


def _agent(scenario: Scenario, track_id: str, category: str, track: ObjectTrack) -> Agent:
    positions = track.positions_m.copy()
    if not scenario.from_nuscenes:
        positions[track.valid, 2] = track.size_lwh_m[2] / 2
    return Agent(track_id, category, track.size_lwh_m, Track(scenario.times_s, positions, track.yaws_rad, track.valid))


def _rear_axle_to_position_m(scenario: Scenario, ego: ObjectTrack) -> float:
    if scenario.from_nuscenes:
        return 0.0
    if "ego_vehicle_parameters" in scenario.metadata:
        return scenario.metadata.record("ego_vehicle_parameters").number("rear_axle_to_center")
    return ego_vehicle.REAR_AXLE_TO_CENTER_M / ego_vehicle.LENGTH_M * ego.size_lwh_m[0]
