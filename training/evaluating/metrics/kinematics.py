"""Whether an ordinary driver could drive it: the verifier's kinematic checks.

Speed, acceleration, jerk, yaw rate and curvature are finite differences of the waypoints and the motion now
(`llm_service.verifier.kinematics`); their limits are those of `VerifierLimits`, most of them nuPlan's. A value beyond
its limit is a violation.
"""

from collections.abc import Sequence

from llm_service.verifier import CheckResult, VerifierLimits
from llm_service.verifier.checks import KINEMATICS, check_kinematics
from llm_service.verifier.kinematics import Kinematics


def violations(motion: Kinematics, limits: VerifierLimits) -> frozenset[str]:
    """Names of the checks of `KINEMATICS` that a trajectory fails."""
    results: Sequence[CheckResult] = check_kinematics(motion, limits)
    return frozenset(result.name for result in results if result.status == "failed")


def kinematics_summary(violated: Sequence[frozenset[str]]) -> dict[str, float]:
    """Share of N trajectories that fail each check (`speed`, ...), and any."""
    count = len(violated)
    shares = {name: sum(name in one for one in violated) / count for name in KINEMATICS}
    return shares | {"any": sum(map(bool, violated)) / count}
