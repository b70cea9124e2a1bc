"""A small nuScenes data set: six scenes of a street, in four logs."""

import numpy as np

from tests.training.data.straight_drive import EGO_Y_M, SPEED_MPS, TIMES_S, agent, straight_drive, track
from training.data.drives.track import Track
from training.data.nuscenes_format.data_set import WritingOptions, write_data_set
from training.data.sensing.drive_world import RigSettings

FRAMES = 13
KEYFRAMES = FRAMES - 2 - 6
"""One second of past and three of future are missing at the ends."""

BRAKING_BEGINS_S, BRAKING_MPS2 = 2.0, 3.0
STOPS_AT_M = SPEED_MPS * BRAKING_BEGINS_S + SPEED_MPS**2 / BRAKING_MPS2 / 2
STANDING_X_M = STOPS_AT_M + 9.0


def braking_track():
    braked_s = np.clip(TIMES_S - BRAKING_BEGINS_S, 0.0, SPEED_MPS / BRAKING_MPS2)
    x = SPEED_MPS * np.minimum(TIMES_S, BRAKING_BEGINS_S) + SPEED_MPS * braked_s - BRAKING_MPS2 * braked_s**2 / 2
    positions = np.stack([x, np.full(201, EGO_Y_M), np.zeros(201)], axis=1)
    return Track(TIMES_S, positions, np.zeros(201), np.ones(201, bool))


def drives():
    return [
        straight_drive(FRAMES, "scene-0001", log_name="log-a"),
        straight_drive(FRAMES, "scene-0002", log_name="log-a", seed=6),
        straight_drive(
            FRAMES, "scene-0003", log_name="log-b", ego=braking_track(),
            agents=(agent("standing", "vehicle.car", STANDING_X_M, EGO_Y_M),),
        ),
        straight_drive(FRAMES, "scene-0004", log_name="log-c", ego=track(0.0, EGO_Y_M), agents=()),
        straight_drive(5, "scene-0005", log_name="log-a"),
        straight_drive(FRAMES, "scene-0006", log_name="log-e").mirrored(),
    ]  # fmt: skip


def write(dataroot):
    """Writes it, with sensors too coarse to look at."""
    return write_data_set(drives(), dataroot, WritingOptions(rig=RigSettings(16, 16, 16)))
