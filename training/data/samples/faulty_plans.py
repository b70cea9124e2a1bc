"""Plans with one clear fault; None where the scene gives no occasion for it."""

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import cumulative_trapezoid

from training.data.samples.keyframe import Keyframe
from training.data.samples.lead import lead_on
from training.data.samples.neighbour_lanes import USUAL_WIDTH_M, neighbour_offsets
from training.data.samples.truth_path import DrivenPath, along_path, beside_path, turned_along

_STANDING_MPS = 0.5
_LEAST_DIFFERENCE_M = 0.5
"""A fault smaller than this at its greatest is none."""

_FINE_STEPS = 120
_ONSET_DROP_MPS = 0.5
_BRAKED_MPS = 1.5
_BEHIND_WITHIN_M = 10.0
_RAMP_S = 1.0
_TURN_RAD = np.deg2rad(15.0)
_SHORTEST_LANE_CHANGE_M = 15.0


def wrong_lane(keyframe: Keyframe, driven: DrivenPath, random: np.random.Generator) -> NDArray[np.float64] | None:
    """Drifts to a neighbouring lane of the map, or 3.5 m to a side where it knows none; not at walking pace.

    The lateral profile is the quintic 10 u^3 - 15 u^4 + 6 u^5 over a distance of 2.5 to 3.5 s at the mean speed, at
    least 15 m, so that the drift may not be over at the horizon.
    """
    distance_m, horizon_s = driven.progress_m[-1], driven.times_s[-1]
    if distance_m < _SHORTEST_LANE_CHANGE_M / 2:
        return None
    offset_m = random.choice(neighbour_offsets(keyframe.road_map) or (USUAL_WIDTH_M, -USUAL_WIDTH_M))
    change_m = max(_SHORTEST_LANE_CHANGE_M, random.uniform(2.5, 3.5) * distance_m / horizon_s)
    u = np.minimum(driven.progress_m / change_m, 1.0)
    left_m = offset_m * (10 * u**3 - 15 * u**4 + 6 * u**5)
    return beside_path(driven.path_m, driven.progress_m, left_m) + driven.residual_m


def late_braking(keyframe: Keyframe, driven: DrivenPath, random: np.random.Generator) -> NDArray[np.float64] | None:
    """Keeps its speed 0.8 to 1.6 s longer, then brakes at 4 to 7 m/s^2 until it is as slow as the truth.

    Only where the truth slows by more than 1.5 m/s, or by more than 0.5 m/s to a stand behind something.
    """
    times_s = np.linspace(0.0, driven.times_s[-1], _FINE_STEPS + 1)
    true_mps = driven.speed_at(times_s)
    peak = int(true_mps.argmax())
    drop_mps = true_mps[peak] - true_mps[peak:].min()
    if drop_mps <= (_ONSET_DROP_MPS if _comes_to_stand(keyframe, driven) else _BRAKED_MPS):
        return None
    onset = peak + int((true_mps[peak:] < true_mps[peak] - _ONSET_DROP_MPS).argmax())
    brake_s = times_s[onset] + random.uniform(0.8, 1.6)
    late_mps = true_mps[onset] - random.uniform(4.0, 7.0) * np.maximum(times_s - brake_s, 0.0)
    speed_mps = np.where(times_s < times_s[onset], true_mps, np.maximum(true_mps, late_mps))
    return _driven_at(driven, times_s, speed_mps)


def overspeed(_: Keyframe, driven: DrivenPath, random: np.random.Generator) -> NDArray[np.float64] | None:
    """1.15 to 1.5 times as fast along the true path, after a second of speeding up, and on straight beyond its end."""
    times_s = np.linspace(0.0, driven.times_s[-1], _FINE_STEPS + 1)
    faster = 1.0 + random.uniform(0.15, 0.5) * np.minimum(times_s / _RAMP_S, 1.0)
    return _driven_at(driven, times_s, faster * driven.speed_at(times_s))


def corner_cutting(_: Keyframe, driven: DrivenPath, random: np.random.Generator) -> NDArray[np.float64] | None:
    """Pulled 30 to 70 % of the way towards the chord of a path that turns by more than 15 degrees."""
    if abs(turned_along(driven.path_m)) <= _TURN_RAD:
        return None
    truth = along_path(driven.path_m, driven.progress_m) + driven.residual_m
    chord = (driven.progress_m / driven.progress_m[-1])[:, None] * truth[-1]
    return _unless_small(truth, truth + random.uniform(0.3, 0.7) * (chord - truth))


def frozen(_: Keyframe, driven: DrivenPath, random: np.random.Generator) -> NDArray[np.float64] | None:
    """Stands, or creeps along the path for up to a quarter of the true distance; only where the truth moves 2 m."""
    creeping = random.uniform(0.05, 0.25) if random.random() < 0.5 else 0.0
    truth = along_path(driven.path_m, driven.progress_m)
    return _unless_small(truth, along_path(driven.path_m, creeping * driven.progress_m), 2.0)


def _comes_to_stand(keyframe: Keyframe, driven: DrivenPath) -> bool:
    """Whether the truth ends standing close behind something that stands too."""
    lead = lead_on(driven.path_m, keyframe.agents)
    if lead is None or driven.speed_at(driven.times_s[-1:])[0] > _STANDING_MPS:
        return False
    left_m = lead.gap_m - driven.progress_m[-1]
    return bool(np.hypot(*lead.agent.velocity_ego_mps) < _STANDING_MPS and left_m < _BEHIND_WITHIN_M)


def _driven_at(
    driven: DrivenPath, times_s: NDArray[np.float64], speed_mps: NDArray[np.float64]
) -> NDArray[np.float64] | None:
    """The true path at another speed, given at fine times."""
    progress_m = np.interp(driven.times_s, times_s, cumulative_trapezoid(speed_mps, times_s, initial=0.0))
    truth = along_path(driven.path_m, driven.progress_m)
    return _unless_small(truth, along_path(driven.path_m, progress_m))


def _unless_small(
    truth: NDArray[np.float64], plan: NDArray[np.float64], least_m: float = _LEAST_DIFFERENCE_M
) -> NDArray[np.float64] | None:
    return plan if np.linalg.norm(plan - truth, axis=1).max() >= least_m else None
