"""Roads and paths made of straights and arcs, for tests."""

import numpy as np

from training.data.samples.scene_path import ScenePath

STEP_S = 0.05


def line(*pieces, start=(0.0, 0.0), yaw_rad=0.0, step_m=0.1):
    """Poses [N, 3] (x, y, yaw) along pieces (length_m, turn_rad), every `step_m`."""
    yaws = [yaw_rad]
    for length_m, turn_rad in pieces:
        steps = round(length_m / step_m)
        yaws += (yaws[-1] + turn_rad / steps * np.arange(1, steps + 1)).tolist()
    yaws = np.array(yaws)
    middle = (yaws[:-1] + yaws[1:]) / 2
    xy = np.array(start) + step_m * np.cumsum(np.stack([np.cos(middle), np.sin(middle)], axis=1), axis=0)
    return np.column_stack([np.vstack([start, xy]), yaws])


def lane(*pieces, **where):
    """The same, every metre, as the map gives it."""
    return line(*pieces, **where)[::10]


def driven(poses, speed_mps, standing_s=0.0, stands_at_m=0.0):
    """The path of a vehicle that drives along poses a tenth of a metre apart, and stands for a while at one place."""
    moving_s = np.arange(0.0, (len(poses) - 1) * 0.1 / speed_mps, STEP_S)
    along_m = moving_s * speed_mps
    before = along_m <= stands_at_m
    standing_m = np.full(round(standing_s / STEP_S), along_m[before][-1])
    along_m = np.concatenate([along_m[before], standing_m, along_m[~before]])
    at = np.round(along_m / 0.1).astype(int)
    timestamps_us = np.round(1e6 * STEP_S * np.arange(len(at))).astype(np.int64)
    return ScenePath(timestamps_us, poses[at, :2], poses[at, 2])


def swerve(poses, offset_m, begin_m, length_m, back_after_m=None):
    """Poses moved to the left by `offset_m` over a stretch with a raised cosine, and back again over one as long."""
    along_m = 0.1 * np.arange(len(poses))

    def rise(begin):
        share = np.clip((along_m - begin) / length_m, 0.0, 1.0)
        return (1 - np.cos(np.pi * share)) / 2

    left_m = offset_m * (rise(begin_m) - (0.0 if back_after_m is None else rise(begin_m + length_m + back_after_m)))
    xy = poses[:, :2] + left_m[:, None] * np.stack([-np.sin(poses[:, 2]), np.cos(poses[:, 2])], axis=1)
    steps = np.gradient(xy, axis=0)
    return np.column_stack([xy, np.unwrap(np.arctan2(steps[:, 1], steps[:, 0]))])
