"""The lanes around a moment, ready to be asked which of them a vehicle is in."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Self

import numpy as np
from numpy.typing import NDArray

from llm_service.explaining.situation import Moment
from llm_service.verifier import Course
from llm_service.verifier.path_frame import PathFrame

_ALIGNED_WITHIN_RAD = np.radians(45.0)


@dataclass(frozen=True, slots=True, eq=False)
class LaneEdges:
    """All centre lines as N edges.

    Attributes:
        centerlines: Of L lanes.
        start_m: [N, 2].
        edge_m: [N, 2] from there to the end.
        lane: [N] index into `centerlines`.
    """

    centerlines: tuple[PathFrame, ...]
    start_m: NDArray[np.float64]
    edge_m: NDArray[np.float64]
    lane: NDArray[np.int64]

    @classmethod
    def of(cls, centerlines: tuple[PathFrame, ...]) -> Self:
        lengths = [len(line.points_m) - 1 for line in centerlines]
        return cls(
            centerlines=centerlines,
            start_m=np.concatenate([line.points_m[:-1] for line in centerlines]),
            edge_m=np.concatenate([np.diff(line.points_m, axis=0) for line in centerlines]),
            lane=np.repeat(np.arange(len(centerlines)), lengths),
        )

    def nearest(self, course: Course, *, opposed: bool = False) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The lane nearest to each waypoint [T], of those that lead the vehicle's way or the opposite one.

        Within 45 degrees of it. Returns the lanes and the distances to their centre lines, infinite where no lane
        leads that way.
        """
        heading_rad = course.motion.heading_rad + (np.pi if opposed else 0.0)
        direction = np.stack((np.cos(heading_rad), np.sin(heading_rad)), axis=1)
        length_m = np.hypot(self.edge_m[:, 0], self.edge_m[:, 1])
        leads_there = direction @ self.edge_m.T >= np.cos(_ALIGNED_WITHIN_RAD) * length_m
        apart_x, apart_y = (course.waypoints_ego_m[:, None] - self.start_m).transpose(2, 0, 1)
        edge_x, edge_y = self.edge_m.T
        share = np.clip((apart_x * edge_x + apart_y * edge_y) / length_m**2, 0.0, 1.0)
        distance_m = np.where(leads_there, np.hypot(apart_x - share * edge_x, apart_y - share * edge_y), np.inf)
        nearest = distance_m.argmin(axis=1)
        return self.lane[nearest], distance_m[np.arange(len(nearest)), nearest]

    def offset_m(self, lane: int, point_m: NDArray[np.float64]) -> float | None:
        """Distance of a point from a lane's centre line, positive to the left; None before or behind its ends."""
        line = self.centerlines[lane]
        along_m, left_m = line.locate(point_m[None])[0]
        return float(left_m) if 0.0 < along_m < line.along_m[-1] else None


@lru_cache(maxsize=8)
def lanes_around(moment: Moment) -> LaneEdges | None:
    """The lanes of a moment's map, None where there are none; found once per moment."""
    lines = [] if moment.road_map is None else moment.road_map.polylines
    points = [np.asarray(line.points_ego_m, np.float64) for line in lines if line.kind == "lane_centerline"]
    frames = (PathFrame.of_line(line) for line in points if len(line))
    centerlines = tuple(frame for frame in frames if len(frame.points_m) > 1)
    return LaneEdges.of(centerlines) if centerlines else None
