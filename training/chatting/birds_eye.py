"""The scene from above in characters: forward is up, left is left."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from rich.text import Text

from waymend import ego_vehicle
from waymend.frames.description import AgentDescription, FrameDescription

COLUMNS, ROWS = 61, 30
_BEHIND_M = 8.0
_LEAST_AHEAD_M = 25.0
_MARGIN_M = 5.0
_ROW_TO_COLUMN = 2.0
"""A character is about twice as high as it is wide."""

ROAD, OFF_ROAD = ("·", "grey37"), (" ", "")
LINES = {
    "lane_divider": (":", "grey50"),
    "road_boundary": ("#", "grey50"),
    "crossing": ("=", "grey62"),
    "stop_line": ("-", "red"),
}
AGENTS = {
    "car": "C",
    "truck": "T",
    "construction_vehicle": "V",
    "bus": "B",
    "trailer": "R",
    "barrier": "|",
    "motorcycle": "M",
    "bicycle": "Y",
    "pedestrian": "P",
    "traffic_cone": "A",
}
AGENT_STYLE, EGO = "cyan", ("E", "bold white")
TRUTH, PROPOSAL, CORRECTION = ("+", "bold blue"), ("o", "bold yellow"), ("x", "bold green")

Cell = tuple[str, str]
Points = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Grid:
    """Metres to characters.

    Attributes:
        ahead_m: Distance ahead of the ego vehicle that the first row shows.
        row_m: Metres per row.
    """

    ahead_m: float
    row_m: float

    @classmethod
    def around(cls, trajectories: Sequence[Points]) -> "Grid":
        """A grid that shows the trajectories whole."""
        farthest_m = max((float(points[:, 0].max()) for points in trajectories), default=0.0)
        widest_m = max((float(np.abs(points[:, 1]).max()) for points in trajectories), default=0.0)
        ahead_m = max(_LEAST_AHEAD_M, farthest_m + _MARGIN_M)
        row_m = max((ahead_m + _BEHIND_M) / ROWS, _ROW_TO_COLUMN * (widest_m + _MARGIN_M) / (COLUMNS // 2))
        return cls(ahead_m, row_m)

    @property
    def column_m(self) -> float:
        return self.row_m / _ROW_TO_COLUMN

    def centres_ego_m(self) -> NDArray[np.float64]:
        """Middle of each cell, [rows, columns, 2]."""
        x = self.ahead_m - (np.arange(ROWS) + 0.5) * self.row_m
        y = (COLUMNS // 2 - np.arange(COLUMNS)) * self.column_m
        return np.stack(np.meshgrid(x, y, indexing="ij"), axis=-1)

    def cells(self, points_ego_m: Points) -> NDArray[np.int64]:
        """Row and column of those points [N, 2] that lie on the grid."""
        rows = np.floor((self.ahead_m - points_ego_m[:, 0]) / self.row_m)
        columns = np.round(COLUMNS // 2 - points_ego_m[:, 1] / self.column_m)
        inside = (rows >= 0) & (rows < ROWS) & (columns >= 0) & (columns < COLUMNS)
        return np.stack([rows, columns], axis=1)[inside].astype(np.int64)


def draw_birds_eye(
    frame: FrameDescription,
    proposal_ego_m: Points | None = None,
    correction_ego_m: Points | None = None,
    truth_ego_m: Points | None = None,
) -> Text:
    """Road, agents, ego vehicle and up to three trajectories [T, 2]; of two in one cell, the later is seen."""
    marked = [
        (points, mark)
        for points, mark in ((truth_ego_m, TRUTH), (proposal_ego_m, PROPOSAL), (correction_ego_m, CORRECTION))
        if points is not None
    ]
    grid = Grid.around([points for points, _ in marked])
    canvas: dict[tuple[int, int], Cell] = {}
    _draw_map(canvas, grid, frame)
    centres = grid.centres_ego_m()
    for agent in frame.agents or ():
        _fill(canvas, _inside_box(centres, agent, grid), (AGENTS.get(agent.object_class, "?"), AGENT_STYLE))
    _fill(canvas, _inside_ego(centres, grid), EGO)
    for points, mark in marked:
        _put(canvas, grid.cells(points), mark)
    return _text(canvas)


def legend(trajectories: Sequence[tuple[str, Cell]]) -> Text:
    """One line that says what the marks are."""
    text = Text()
    for name, (mark, style) in (("ego", EGO), *trajectories):
        text.append(mark, style).append(f" {name}  ", "dim")
    return text


def _draw_map(canvas: dict[tuple[int, int], Cell], grid: Grid, frame: FrameDescription) -> None:
    if frame.map is None:
        return
    centres = grid.centres_ego_m()
    for area in frame.map.drivable_areas:
        polygon = shapely.Polygon(area.exterior_ego_m, area.holes_ego_m)
        _fill(canvas, shapely.contains_xy(polygon, centres[..., 0], centres[..., 1]), ROAD)
    for line in frame.map.polylines:
        if line.kind in LINES:
            _put(canvas, grid.cells(_sampled(np.array(line.points_ego_m), grid.column_m)), LINES[line.kind])


def _sampled(points: Points, step_m: float) -> Points:
    """Points along a line, no farther apart than a cell is wide."""
    pieces = [points[:1]]
    for start, end in itertools.pairwise(points):
        count = max(1, int(np.ceil(np.hypot(*(end - start)) / step_m)))
        pieces.append(start + (end - start) * (np.arange(1, count + 1) / count)[:, None])
    return np.concatenate(pieces)


def _inside_box(centres: Points, agent: AgentDescription, grid: Grid) -> NDArray[np.bool_]:
    """Cells that a box covers; a box smaller than a cell covers the one that it is in."""
    offset = centres - np.array(agent.center_ego_m[:2])
    cosine, sine = np.cos(agent.yaw_rad), np.sin(agent.yaw_rad)
    along = offset[..., 0] * cosine + offset[..., 1] * sine
    across = offset[..., 1] * cosine - offset[..., 0] * sine
    inside = (np.abs(along) <= agent.length_m / 2) & (np.abs(across) <= agent.width_m / 2)
    for row, column in grid.cells(np.array([agent.center_ego_m[:2]])):
        inside[row, column] = True
    return inside


def _inside_ego(centres: Points, grid: Grid) -> NDArray[np.bool_]:
    ego = AgentDescription(
        object_class="car",
        center_ego_m=[ego_vehicle.REAR_AXLE_TO_CENTER_M, 0.0, 0.0],
        length_m=ego_vehicle.LENGTH_M,
        width_m=ego_vehicle.WIDTH_M,
        height_m=ego_vehicle.HEIGHT_M,
        yaw_rad=0.0,
    )
    return _inside_box(centres, ego, grid)


def _fill(canvas: dict[tuple[int, int], Cell], cells: NDArray[np.bool_], mark: Cell) -> None:
    _put(canvas, np.argwhere(cells), mark)


def _put(canvas: dict[tuple[int, int], Cell], cells: NDArray[np.int64], mark: Cell) -> None:
    canvas.update({(int(row), int(column)): mark for row, column in cells})


def _text(canvas: dict[tuple[int, int], Cell]) -> Text:
    text = Text(no_wrap=True)
    for row in range(ROWS):
        for column in range(COLUMNS):
            text.append(*canvas.get((row, column), OFF_ROAD))
        text.append("\n" if row < ROWS - 1 else "")
    return text
