"""One continuous drive of the ego vehicle."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from training.data.drives.road_map import RoadMap
from training.data.drives.track import Track


@dataclass(frozen=True, slots=True, eq=False)
class Agent:
    """A road user or object other than the ego vehicle.

    Attributes:
        agent_id: Unique in its drive, the source's own where it has one.
        category: One of nuScenes' categories, such as `vehicle.car`.
        size_lwh_m: Length along its heading, width, height.
        track: Of the middle of its box; the box stands upright.
    """

    agent_id: str
    category: str
    size_lwh_m: tuple[float, float, float]
    track: Track

    def moving_at(self, time_s: float) -> bool:
        """Whether it is faster than a slow walk, 0.5 m/s."""
        return float(np.linalg.norm(self.track.velocity_at(time_s)[:2])) > 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Drive:
    """Who moved how, and on which roads, in one global frame: metres, z up, the ground at z = 0.

    Attributes:
        name: Of the scene that it becomes, such as `scene-0061`.
        log_name: Of the recording that it is cut from; drives of one log never part between training and test.
        source: Where it comes from, for people: `nuscenes v1.0-mini`, `waymo`, `procedural intersection`.
        description: One line about what happens.
        date: Of capture, `YYYY-MM-DD`.
        location: The nuScenes map whose frame it lies in; None where it may be placed anywhere.
        left_hand_traffic: Whether vehicles keep left.
        keyframe_times_s: float64 [F], rising, about 0.5 s apart; each within the ego track.
        ego: Of the rear axle on the ground.
        seed: Of everything that is made up: looks, sensor noise.
        scene_id: The source's own token for the scene, where it has one.
    """

    name: str
    log_name: str
    source: str
    description: str
    date: str
    keyframe_times_s: NDArray[np.float64]
    ego: Track
    agents: tuple[Agent, ...]
    road_map: RoadMap
    seed: int
    location: str | None = None
    left_hand_traffic: bool = False
    scene_id: str | None = None

    def moved(self, x_m: float, y_m: float) -> "Drive":
        return replace(
            self,
            ego=self.ego.moved(x_m, y_m),
            agents=tuple(replace(agent, track=agent.track.moved(x_m, y_m)) for agent in self.agents),
            road_map=self.road_map.moved(x_m, y_m),
        )

    def mirrored(self) -> "Drive":
        """Reflected at the x axis: traffic keeps the other side."""
        return replace(
            self,
            ego=self.ego.mirrored(),
            agents=tuple(replace(agent, track=agent.track.mirrored()) for agent in self.agents),
            road_map=self.road_map.mirrored(),
            left_hand_traffic=not self.left_hand_traffic,
        )
