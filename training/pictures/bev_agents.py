"""Road users and the ego vehicle from above."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Polygon

from training.pictures import palette
from waymend import ego_vehicle
from waymend.frames.description import AgentDescription


def draw_agent(axes: Axes, agent: AgentDescription) -> None:
    """A box with a tick from its middle to its front, and an arrow to where it is in a second."""
    color = palette.CLASS_COLORS.get(agent.object_class, palette.MUTED)
    center = np.array(agent.center_ego_m[:2])
    forward = np.array([np.cos(agent.yaw_rad), np.sin(agent.yaw_rad)])
    left = np.array([-forward[1], forward[0]])
    along, across = forward * agent.length_m / 2, left * agent.width_m / 2
    corners = [center + along + across, center + along - across, center - along - across, center - along + across]
    axes.add_patch(Polygon(corners, facecolor=color, alpha=0.30, edgecolor="none", zorder=4))
    axes.add_patch(Polygon(corners, facecolor="none", edgecolor=color, lw=1.3, zorder=4.1))
    axes.plot(*np.array([center, center + along]).T, color=color, lw=1.3, zorder=4.1)
    velocity = np.array(agent.velocity_ego_mps)
    if np.hypot(*velocity) > 0.5:
        start = center + along
        head = "-|>,head_width=1.6,head_length=3.2"
        arrow = FancyArrowPatch(
            tuple(start),
            tuple(start + velocity),
            arrowstyle=head,
            color=color,
            lw=1.1,
            shrinkA=0,
            shrinkB=0,
            zorder=4.2,
        )
        axes.add_patch(arrow)


def draw_ego(axes: Axes) -> None:
    front = ego_vehicle.REAR_AXLE_TO_FRONT_M
    rear = front - ego_vehicle.LENGTH_M
    body = FancyBboxPatch(
        (rear + 0.3, -ego_vehicle.WIDTH_M / 2 + 0.3), ego_vehicle.LENGTH_M - 0.6, ego_vehicle.WIDTH_M - 0.6,
        boxstyle="round,pad=0.3", facecolor=palette.EGO, edgecolor="white", lw=0.8, zorder=6,
    )  # fmt: skip
    axes.add_patch(body)
    nose = [(front - 1.5, 0.55), (front - 0.5, 0.0), (front - 1.5, -0.55)]
    axes.add_patch(Polygon(nose, facecolor="white", edgecolor="none", zorder=6.1))
