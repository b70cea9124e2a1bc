"""The ego vehicle's track as a vehicle logs it: poses a little early or late, a frame that is not quite straight."""

from dataclasses import replace

import numpy as np

from training.data.drives.track import Track

_USUAL_DELAY_S, _DELAY_SPREAD, _LONGEST_DELAY_S = 2.5e-3, 0.8, 0.02
"""Median over drives of the root mean square delay, standard deviation of its logarithm, and its greatest value.

Third differences of the real nuScenes tracks at 2 Hz leave room for about 3 ms; some logs are far worse.
"""
_MISALIGNMENT_RAD = np.deg2rad(0.35)
"""Standard deviation over drives of the angle between the frame's x axis and the direction of straight travel."""


def as_logged(track: Track, random: np.random.Generator) -> Track:
    """Each pose is that of a moment a few milliseconds off; headings share a small error.

    Args:
        track: The true one.
        random: Of how well this drive is logged, and of each pose.
    """
    delay_s = min(_USUAL_DELAY_S * np.exp(random.normal(0.0, _DELAY_SPREAD)), _LONGEST_DELAY_S)
    moments = np.clip(track.times_s + random.normal(0.0, delay_s, len(track.times_s)), *track.times_s[[0, -1]])
    positions = np.stack([np.interp(moments, track.times_s, axis) for axis in track.positions_m.T], axis=1)
    yaws = np.interp(moments, track.times_s, np.unwrap(track.yaws_rad)) + random.normal(0.0, _MISALIGNMENT_RAD)
    return replace(track, positions_m=positions, yaws_rad=yaws)
