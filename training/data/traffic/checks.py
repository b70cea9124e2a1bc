"""What a drive must not contain: collisions, and an ego vehicle off the road."""

import numpy as np
import shapely
from numpy.typing import NDArray

from training.data.drives.drive import Agent, Drive
from training.data.drives.track import Track
from waymend import ego_vehicle

_LEAST_ON_ROAD = 0.99
_TOUCHING_M2 = 0.15


def ego_collides(drive: Drive) -> bool:
    """Whether the ego vehicle's box overlaps an agent's at any step of its track."""
    ego = ego_boxes(drive.ego)
    return any(bool(shapely.intersects(ego, agent_boxes(agent)).any()) for agent in drive.agents)


def ego_off_road(drive: Drive) -> bool:
    """Whether its rear axle leaves the drivable area for more than a hundredth of its steps."""
    on_road = shapely.contains_xy(drive.road_map.drivable, drive.ego.positions_m[:, :2])
    return float(on_road.mean()) < _LEAST_ON_ROAD


def without_overlaps(agents: tuple[Agent, ...]) -> tuple[Agent, ...]:
    """Agents that do not drive through each other: those with the most overlaps are left out until none is left."""
    boxes = [agent_boxes(agent) for agent in agents]
    pairs = [(i, j) for i in range(len(agents)) for j in range(i) if _overlap(boxes[i], boxes[j])]
    dropped: set[int] = set()
    while pairs:
        counts = np.bincount(np.array(pairs).ravel(), minlength=len(agents))
        dropped.add(worst := int(len(counts) - 1 - np.argmax(counts[::-1])))
        pairs = [pair for pair in pairs if worst not in pair]
    return tuple(agent for number, agent in enumerate(agents) if number not in dropped)


def ego_boxes(ego: Track) -> NDArray[np.object_]:
    """The ego vehicle's outline at each step, [K]."""
    unit = np.stack([np.cos(ego.yaws_rad), np.sin(ego.yaws_rad)], axis=1)
    middle = ego.positions_m[:, :2] + ego_vehicle.REAR_AXLE_TO_CENTER_M * unit
    return _boxes(middle, ego.yaws_rad, ego_vehicle.LENGTH_M, ego_vehicle.WIDTH_M)


def agent_boxes(agent: Agent) -> NDArray[np.object_]:
    """An agent's outline at each step, [K]; None where it is not there."""
    length, width, _ = agent.size_lwh_m
    boxes = _boxes(np.nan_to_num(agent.track.positions_m[:, :2]), np.nan_to_num(agent.track.yaws_rad), length, width)
    boxes[~agent.track.valid] = None
    return boxes


def _boxes(middles: NDArray[np.float64], yaws: NDArray[np.float64], length: float, width: float) -> NDArray[np.object_]:
    corners = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]]) * np.array([length, width]) / 2
    cos, sin = np.cos(yaws)[:, None], np.sin(yaws)[:, None]
    x, y = corners.T
    return shapely.polygons(np.stack([cos * x - sin * y, sin * x + cos * y], axis=2) + middles[:, None])


def _overlap(boxes: NDArray[np.object_], others: NDArray[np.object_]) -> bool:
    meeting = shapely.intersects(boxes, others)
    return bool(meeting.any()) and float(shapely.area(shapely.intersection(boxes[meeting], others[meeting])).max()) > (
        _TOUCHING_M2
    )
