"""A trajectory, the motion along it and the vehicle's boxes."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from llm_service.verifier.kinematics import SHORTEST_HEADING_STEP_M, Kinematics, kinematics_of
from llm_service.verifier.limits import EgoDimensions
from llm_service.verifier.path import EgoPath, ego_path
from llm_service.verifier.path_frame import PathFrame
from waymend.trajectory import EgoState, Horizon

_STANDS_WITHIN_M = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """A trajectory [T, 2] in the ego frame, waypoint k reached at (k + 1) * step_s."""

    waypoints_ego_m: NDArray[np.float64]
    step_s: float
    motion: Kinematics
    path: EgoPath

    @classmethod
    def of(
        cls,
        waypoints_ego_m: NDArray[np.float64],
        step_s: float,
        ego_state: EgoState,
        ego: EgoDimensions,
        substep_s: float,
    ) -> Self:
        """Boxes are placed every `substep_s` at least."""
        motion = kinematics_of(waypoints_ego_m, step_s, ego_state)
        path = ego_path(waypoints_ego_m, step_s, motion.heading_rad, ego, substep_s)
        return cls(waypoints_ego_m, step_s, motion, path)

    @property
    def times_s(self) -> NDArray[np.float64]:
        """Time of each waypoint, [T]."""
        return Horizon(len(self.waypoints_ego_m), self.step_s).times_s

    @property
    def way_m(self) -> float:
        """Length of the way, what is driven in reverse taken off."""
        return float(self.motion.speed_mps.sum() * self.step_s)

    @property
    def final_speed_mps(self) -> float:
        """Mean over the last step, negative in reverse."""
        return float(self.motion.speed_mps[-1])

    @property
    def stands(self) -> bool:
        """Whether no waypoint is farther than 0.5 m away."""
        return float(np.hypot(*self.waypoints_ego_m.T).max()) <= _STANDS_WITHIN_M

    def frame(self) -> PathFrame:
        """Along the forward steps that are long enough to have a direction; along the x axis where there is none."""
        if self.way_m <= _STANDS_WITHIN_M:
            return PathFrame.extended(np.empty((0, 2)))
        forward = self.motion.speed_mps * self.step_s >= SHORTEST_HEADING_STEP_M
        return PathFrame.extended(self.waypoints_ego_m[forward])


def shifts_m(proposal: Course, correction: Course) -> NDArray[np.float64]:
    """Correction minus proposal at each waypoint, [T, 2]: along the path and to its left.

    Both are located on the path of whichever comes farther, so that two speeds on one bend differ along it alone.
    """
    frame = max(proposal, correction, key=lambda course: course.way_m).frame()
    return frame.locate(correction.waypoints_ego_m) - frame.locate(proposal.waypoints_ego_m)
