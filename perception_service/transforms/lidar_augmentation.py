"""How changes of the LiDAR frame add up."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def compose_lidar_augmentation(results: dict[str, Any], change: NDArray[np.float64]) -> None:
    """Notes a change [4, 4] that was made to points and boxes after those in `lidar_aug_matrix` already.

    `lidar_aug_matrix` [4, 4] takes points of the LiDAR frame to where augmentation put them.
    """
    results["lidar_aug_matrix"] = change @ results.get("lidar_aug_matrix", np.eye(4))
