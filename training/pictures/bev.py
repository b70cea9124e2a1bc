"""The scene from above: x (ahead) to the right, y (left) upwards, metres."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch, Polygon
from matplotlib.path import Path
from numpy.typing import NDArray

from training.pictures import palette
from training.pictures.bev_agents import draw_agent, draw_ego
from training.pictures.bev_trajectories import draw_trajectories
from training.pictures.correction_view import CorrectionView
from training.pictures.palette import HALO
from waymend.frames import FrameDescription, FrameDirectory
from waymend.frames.description import DrivableAreaDescription, MapDescription
from waymend.geometry import Pose

_BEHIND_M, _AHEAD_M, _SIDE_ASPECT = 16.0, 44.0, 2.0
_GROUND_BELOW_M = 0.25
_LEGEND_COLUMNS = 9


def draw_bev(axes: Axes, frame: FrameDirectory, answer: CorrectionView) -> None:
    """Draws map, LiDAR, agents, ego vehicle and the trajectories of a correction."""
    set_view(axes, frame.description, [answer.proposal_ego_m, answer.correction_ego_m])
    draw_surroundings(axes, frame)
    draw_trajectories(axes, frame.description, answer)
    _draw_scale_bar(axes)
    _draw_legend(axes, frame.description)


def draw_surroundings(axes: Axes, frame: FrameDirectory) -> None:
    """Draws map, LiDAR, agents and the ego vehicle."""
    if frame.description.map is not None:
        _draw_map(axes, frame.description.map)
    _draw_points(axes, frame)
    for agent in frame.description.agents or []:
        draw_agent(axes, agent)
    draw_ego(axes)


def set_view(axes: Axes, description: FrameDescription, trajectories: Sequence[NDArray[np.float64]]) -> None:
    """Shows everything that the trajectories [T, 2] and the true future reach, and some way behind."""
    future = description.future_trajectory_ego_m or [[0.0, 0.0]]
    farthest = max(float(np.max(points[:, 0])) for points in (*trajectories, np.array(future)))
    ahead = max(_AHEAD_M, farthest + 8.0)
    half = (ahead + _BEHIND_M) / _SIDE_ASPECT / 2
    axes.set_xlim(-_BEHIND_M, ahead)
    middle = float(np.clip(np.mean([points[-1, 1] for points in trajectories]), -half / 2, half / 2))
    axes.set_ylim(middle - half, middle + half)
    axes.set_aspect("equal")
    axes.set_facecolor(palette.OFF_ROAD if description.map is not None else "#f6f7f8")
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_color(palette.RULE)


def _draw_map(axes: Axes, vector_map: MapDescription) -> None:
    for area in vector_map.drivable_areas:
        axes.add_patch(PathPatch(_with_holes(area), facecolor=palette.ROAD, edgecolor="none", zorder=1))
    styles: dict[str, dict[str, Any]] = {
        "lane_centerline": {"color": palette.LANE, "lw": 1.1, "ls": (0, (5, 4)), "zorder": 2},
        "lane_divider": {"color": palette.DIVIDER, "lw": 1.1, "zorder": 2},
        "road_boundary": {"color": palette.BOUNDARY, "lw": 1.4, "zorder": 2},
        "stop_line": {"color": "white", "lw": 2.6, "zorder": 2},
    }
    for line in vector_map.polylines:
        points = np.array(line.points_ego_m)
        if line.kind == "crossing":
            face = Polygon(points, facecolor=palette.CROSSING, edgecolor="white", hatch="////", lw=0.8, zorder=1.5)
            axes.add_patch(face)
        elif line.kind in styles:
            axes.plot(*points.T, solid_capstyle="butt", **styles[line.kind])


def _with_holes(area: DrivableAreaDescription) -> Path:
    rings = [area.exterior_ego_m, *area.holes_ego_m]
    closed = [np.array([*ring, ring[0]]) for ring in rings]
    codes = [[Path.MOVETO] + [Path.LINETO] * (len(ring) - 2) + [Path.CLOSEPOLY] for ring in closed]
    return Path(np.concatenate(closed), np.concatenate(codes))


def _draw_points(axes: Axes, frame: FrameDirectory) -> None:
    """LiDAR points above the ground; those on it would cover the road."""
    pose = frame.description.lidar.ego_from_lidar
    ego_from_lidar = Pose.from_quaternion(pose.rotation_wxyz, pose.translation_m)
    cloud = np.frombuffer(frame.lidar, "<f4").reshape(-1, 5)
    points = ego_from_lidar.apply(cloud[:, :3])
    raised = (points[:, 2] > _GROUND_BELOW_M) & (points[:, 2] < 4.5)
    axes.scatter(*points[raised, :2].T, s=0.7, c=palette.POINT, alpha=0.5, linewidths=0, zorder=3, rasterized=True)
    axes.scatter(*points[~raised, :2].T, s=0.25, c=palette.POINT, alpha=0.22, linewidths=0, zorder=2.5, rasterized=True)


def _draw_scale_bar(axes: Axes) -> None:
    x0, y0 = axes.get_xlim()[0] + 2.0, axes.get_ylim()[0] + 1.6
    axes.plot([x0, x0 + 10], [y0, y0], color=palette.INK, lw=2.2, zorder=11, solid_capstyle="butt", path_effects=HALO)
    axes.text(
        x0 + 5, y0 + 0.6, "10 m", ha="center", va="bottom", fontsize=palette.SMALL_PT, zorder=11, path_effects=HALO
    )


def _draw_legend(axes: Axes, description: FrameDescription) -> None:
    handles = [
        axes.plot([], [], color=palette.PROPOSAL, lw=3.4, marker="s", ms=5, mec="white", label="proposal")[0],
        axes.plot([], [], color=palette.CORRECTION, lw=2.2, marker="o", ms=5, mec="white", label="correction ± scale")[
            0
        ],
    ]
    if description.future_trajectory_ego_m is not None:
        handles += axes.plot(
            [], [], color=palette.TRUTH, lw=1.5, ls=(0, (3.2, 1.8)), marker="D", ms=4, mfc="white", label="true future"
        )
    drawn = {agent.object_class for agent in description.agents or []}
    for name in (name for name in palette.CLASS_COLORS if name in drawn):
        handles += axes.plot(
            [],
            [],
            ls="none",
            marker="s",
            ms=6,
            alpha=0.8,
            color=palette.CLASS_COLORS[name],
            label=name.replace("_", " "),
        )
    rows = math.ceil(len(handles) / _LEGEND_COLUMNS)
    columns = math.ceil(len(handles) / rows)
    legend = axes.legend(
        handles=handles, loc="upper left", ncols=columns, fontsize=palette.SMALL_PT, handletextpad=0.5,
        columnspacing=1.1, borderpad=0.5, framealpha=0.92, edgecolor=palette.RULE, fancybox=False,
    )  # fmt: skip
    legend.set_zorder(12)
