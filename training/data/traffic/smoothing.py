"""From simulated poses to tracks that move like vehicles: smooth positions, headings along the motion."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

_SIGMA_S = 0.3
_MOVING_MPS = 0.5


def smooth_poses(poses: NDArray[np.float64], rear_axle_m: float, step_s: float) -> NDArray[np.float64]:
    """Poses of the rear axle from poses of the middle.

    The rear axle moves where the vehicle points, so its smoothed path gives the heading wherever it moves; where it
    stands, the heading stays.

    Args:
        poses: x, y (m), heading (rad) of the middle [N, 3], without gaps.

    Returns:
        The same of the rear axle [N, 3].
    """
    unit = np.stack([np.cos(poses[:, 2]), np.sin(poses[:, 2])], axis=1)
    axle = poses[:, :2] - rear_axle_m * unit
    if len(poses) < 3:
        return np.column_stack([axle, poses[:, 2]])
    axle = _smooth(axle, _SIGMA_S / step_s)
    velocity = np.gradient(axle, step_s, axis=0)
    moving = np.hypot(*velocity.T) > _MOVING_MPS
    if not moving.any():
        return np.column_stack([axle, np.full(len(poses), float(np.median(poses[:, 2])))])
    heading = np.unwrap(np.arctan2(velocity[:, 1], velocity[:, 0])[moving])
    numbers = np.arange(len(poses))
    return np.column_stack([axle, np.interp(numbers, numbers[moving], heading)])


def _smooth(points: NDArray[np.float64], sigma: float) -> NDArray[np.float64]:
    """A Gaussian mean of `sigma` steps; beyond both ends the motion is taken to go on as it comes in."""
    reach = min(round(4 * sigma), len(points) - 1)
    padded = np.pad(points, ((reach, reach), (0, 0)), mode="reflect", reflect_type="odd")
    return gaussian_filter1d(padded, sigma, axis=0, mode="nearest")[reach : len(padded) - reach]


def middle_of(axle_poses: NDArray[np.float64], rear_axle_m: float) -> NDArray[np.float64]:
    """x, y [N, 2] of the middle, from poses of the rear axle."""
    x, y, heading = axle_poses.T
    return np.stack([x + rear_axle_m * np.cos(heading), y + rear_axle_m * np.sin(heading)], axis=1)
