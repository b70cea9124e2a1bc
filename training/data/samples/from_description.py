"""What the nuScenes readers describe, as the plain types of a key frame."""

import numpy as np

from waymend.agents import AgentBox, DrivableArea, Polyline, VectorMap
from waymend.frames.description import AgentDescription, EgoStateDescription, MapDescription
from waymend.trajectory import EgoState


def agent_box(agent: AgentDescription) -> AgentBox:
    x, y, z = agent.center_ego_m
    velocity_x, velocity_y = agent.velocity_ego_mps
    return AgentBox(
        track_id=agent.track_id,
        object_class=agent.object_class,
        center_ego_m=(x, y, z),
        length_m=agent.length_m,
        width_m=agent.width_m,
        height_m=agent.height_m,
        yaw_rad=agent.yaw_rad,
        velocity_ego_mps=(velocity_x, velocity_y),
    )


def vector_map(description: MapDescription) -> VectorMap:
    return VectorMap(
        polylines=tuple(Polyline(line.kind, np.array(line.points_ego_m, np.float32)) for line in description.polylines),
        drivable_areas=tuple(
            DrivableArea(
                np.array(area.exterior_ego_m, np.float32),
                tuple(np.array(hole, np.float32) for hole in area.holes_ego_m),
            )
            for area in description.drivable_areas
        ),
    )


def ego_state(description: EgoStateDescription) -> EgoState:
    return EgoState(description.speed_mps, description.acceleration_mps2, description.yaw_rate_radps)
