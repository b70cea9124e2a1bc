"""Judges trajectories, and chooses between a proposal and its correction. No model, no learning."""

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from llm_service.verifier import checks
from llm_service.verifier.comparison import why_worse
from llm_service.verifier.course import Course
from llm_service.verifier.limits import EgoDimensions, VerifierLimits
from llm_service.verifier.report import Report
from llm_service.verifier.scene import PreparedScene
from waymend.errors import InvalidField
from waymend.trajectory import EgoState


@dataclass(frozen=True, slots=True, eq=False)
class Decision:
    """What is answered.

    Attributes:
        trajectory_ego_m: float64 [T, 2], the correction or, where that is worse, the proposal.
        share: Of the offset that the model proposes, in the answer: 1 all of it, 0 none.
        reason: Why, in words.
        proposal_report, correction_report: The checks of both.
    """

    trajectory_ego_m: NDArray[np.float64]
    share: float
    reason: str
    proposal_report: Report
    correction_report: Report

    @property
    def status(self) -> Literal["corrected", "kept_proposal"]:
        """Whether any of the correction is in the answer."""
        return "corrected" if self.share else "kept_proposal"

    @property
    def answer_report(self) -> Report:
        """The checks of what is answered."""
        return self.correction_report if self.share else self.proposal_report

    def kept(self, proposal_ego_m: NDArray[np.floating], reason: str) -> "Decision":
        """The proposal instead, for another reason than the checks."""
        kept = np.array(proposal_ego_m, np.float64)
        return replace(self, trajectory_ego_m=kept, share=0.0, reason=reason)


@dataclass(frozen=True, slots=True)
class Verifier:
    """Checks trajectories of one vehicle against one set of limits."""

    limits: VerifierLimits
    ego: EgoDimensions

    def judge(
        self, trajectory_ego_m: NDArray[np.floating], step_s: float, ego_state: EgoState, scene: PreparedScene
    ) -> Report:
        """Every check of `checks.ALL_CHECKS`, in that order.

        Args:
            trajectory_ego_m: [T, 2] with T >= 1; waypoint k is reached at (k + 1) * step_s.
            step_s: Seconds between waypoints.
            ego_state: The motion now.
            scene: What stands around the vehicle, in the ego frame of now.

        Raises:
            InvalidField: A trajectory of another shape, a step or a motion that is not finite. Waypoints that are
                not finite fail the check `waypoints`, and the others are not made.
        """
        trajectory = _checked_shape(trajectory_ego_m)
        _check_motion(step_s, ego_state)
        waypoints = checks.check_waypoints(trajectory)
        if waypoints.status == "failed":
            rest = (checks.not_checked(name, waypoints.message) for name in checks.ALL_CHECKS[1:])
            return Report((waypoints, *rest))
        course = self.course(trajectory, step_s, ego_state)
        return Report(
            (
                waypoints,
                checks.check_collision(course.path, scene),
                checks.check_drivable_area(course.path, scene, self.limits),
                *checks.check_kinematics(course.motion, self.limits),
            )
        )

    def course(self, trajectory_ego_m: NDArray[np.float64], step_s: float, ego_state: EgoState) -> Course:
        """A trajectory [T, 2] as this vehicle drives it; its waypoints are finite."""
        return Course.of(trajectory_ego_m, step_s, ego_state, self.ego, self.limits.substep_s)

    def choose(
        self,
        proposal_ego_m: NDArray[np.floating],
        proposal: Report,
        correction_ego_m: NDArray[np.floating],
        step_s: float,
        ego_state: EgoState,
        scene: PreparedScene,
    ) -> Decision:
        """The correction, unless it is worse than the proposal by `comparison.why_worse`.

        Args:
            proposal_ego_m: The planner's trajectory.
            proposal: What `judge` says of it.
            correction_ego_m, step_s, ego_state, scene: As for `judge`.

        Raises:
            InvalidField: As `judge`, and for a proposal whose waypoints fail: there is nothing to fall back on.
        """
        if proposal[checks.WAYPOINTS].status == "failed":
            raise InvalidField("proposal", "finite waypoints near the vehicle", proposal[checks.WAYPOINTS].message)
        correction = self.judge(correction_ego_m, step_s, ego_state, scene)
        worse = why_worse(correction, proposal)
        if worse is not None:
            kept = np.array(proposal_ego_m, np.float64)
            return Decision(kept, 0.0, f"the correction is worse: {worse}", proposal, correction)
        reason = "the correction passes every check made" if correction.safe else "the correction is no worse"
        return Decision(np.array(correction_ego_m, np.float64), 1.0, reason, proposal, correction)


def _checked_shape(trajectory_ego_m: NDArray[np.floating]) -> NDArray[np.float64]:
    trajectory = np.asarray(trajectory_ego_m, np.float64)
    if trajectory.ndim != 2 or trajectory.shape[1] != 2 or not len(trajectory):
        raise InvalidField("trajectory", "waypoints of [x, y]", f"shape {list(trajectory.shape)}")
    return trajectory


def _check_motion(step_s: float, ego_state: EgoState) -> None:
    if not (math.isfinite(step_s) and step_s > 0):
        raise InvalidField("step_s", "a positive number", step_s)
    motion = (ego_state.speed_mps, ego_state.acceleration_mps2, ego_state.yaw_rate_radps)
    if not all(math.isfinite(value) for value in motion):
        raise InvalidField("ego_state", "finite numbers", motion)
