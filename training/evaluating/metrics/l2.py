"""Distance to where the vehicle truly went, by both formulas in use.

With d[k] the distance of waypoint k to the true one, at (k + 1) * step_s, and K(t) the waypoint at t:

- A(t) = mean of d[0] ... d[K(t)]: the mean over all steps up to t. ST-P3 (Hu et al., ECCV 2022) and VAD (Jiang et al.,
  ICCV 2023) report this as "L2 at t".
- B(t) = d[K(t)]: the error at t. UniAD (Hu et al., CVPR 2023) reports this as "L2 at t".

Each average is the mean over t = 1, 2, 3 s. A is smaller than B wherever errors grow, so that numbers of the two must
never be compared.
"""

import numpy as np
from numpy.typing import NDArray

from waymend.errors import InvalidField
from waymend.trajectory import Horizon

SECONDS = (1, 2, 3)
"""Times that are reported."""

FORMULAS = ("a", "b")


def distances_m(trajectories_m: NDArray[np.float64], truths_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """Distance [..., T] of each waypoint [..., T, 2] to the true one, metres."""
    return np.linalg.norm(trajectories_m - truths_m, axis=-1)


def l2_a_m(distances: NDArray[np.float64], horizon: Horizon, time_s: float) -> NDArray[np.float64]:
    """Formula A [...] at a time, from distances [..., T]."""
    return distances[..., : waypoint_at(horizon, time_s) + 1].mean(axis=-1)


def l2_b_m(distances: NDArray[np.float64], horizon: Horizon, time_s: float) -> NDArray[np.float64]:
    """Formula B [...] at a time, from distances [..., T]."""
    return distances[..., waypoint_at(horizon, time_s)]


def l2_m(formula: str, distances: NDArray[np.float64], horizon: Horizon, time_s: float) -> NDArray[np.float64]:
    """Formula `a` or `b` [...] at a time, from distances [..., T]."""
    return (l2_a_m if formula == "a" else l2_b_m)(distances, horizon, time_s)


def l2_average_m(formula: str, distances: NDArray[np.float64], horizon: Horizon) -> NDArray[np.float64]:
    """Mean [...] of a formula over `SECONDS`, from distances [..., T]."""
    return np.mean([l2_m(formula, distances, horizon, second) for second in SECONDS], axis=0)


def l2_summary(distances: NDArray[np.float64], horizon: Horizon) -> dict[str, float]:
    """Means over N cases, from distances [N, T]: `l2_a_1s_m` ... `l2_b_3s_m`, `l2_a_avg_m`, `l2_b_avg_m`."""
    summary: dict[str, float] = {}
    for formula in FORMULAS:
        for second in SECONDS:
            summary[f"l2_{formula}_{second}s_m"] = float(l2_m(formula, distances, horizon, second).mean())
        summary[f"l2_{formula}_avg_m"] = float(l2_average_m(formula, distances, horizon).mean())
    return summary


def waypoint_at(horizon: Horizon, time_s: float) -> int:
    """Index of the waypoint at a time.

    Raises:
        InvalidField: The horizon has no waypoint then.
    """
    index = round(time_s / horizon.step_s) - 1
    if not 0 <= index < horizon.waypoints or abs(horizon.times_s[index] - time_s) > 1e-6:
        raise InvalidField("horizon", f"a waypoint at {time_s:g} s", f"{horizon.waypoints} every {horizon.step_s:g} s")
    return index
