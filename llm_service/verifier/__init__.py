"""Checks of trajectories that are no model: kinematics, collision, drivable area, and the choice between two.

Start at `verifier.Verifier`; a scene is prepared once with `scene.PreparedScene.of`.
"""

from llm_service.verifier.course import Course
from llm_service.verifier.limits import EgoDimensions, VerifierLimits
from llm_service.verifier.report import CheckResult, Report
from llm_service.verifier.scene import PreparedScene
from llm_service.verifier.verifier import Decision, Verifier

__all__ = [
    "CheckResult",
    "Course",
    "Decision",
    "EgoDimensions",
    "PreparedScene",
    "Report",
    "Verifier",
    "VerifierLimits",
]
