"""The verdict on one trajectory."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

CheckStatus = Literal["passed", "failed", "not_checked"]


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One check of one trajectory; every number is finite.

    Attributes:
        name: One of the names in `llm_service.verifier.checks`.
        status: `not_checked` where the scene or the trajectory does not allow the check.
        value: The worst value along the trajectory, None where not checked.
        limit: What the value is held against, None where not checked.
        unit: Of value and limit.
        time_s: When the worst value occurs, from now; None where not checked or nothing happens.
        subject: Track id, or else class, of the agent concerned.
        message: The finding in words.
    """

    name: str
    status: CheckStatus
    value: float | None = None
    limit: float | None = None
    unit: str = ""
    time_s: float | None = None
    subject: str | None = None
    message: str = ""

    @property
    def excess(self) -> float:
        """By which share a failed value is past its limit (0.5 is half as much again); 0 where not failed."""
        if self.status != "failed" or not self.value or not self.limit:
            return 0.0
        return abs(self.value) / abs(self.limit) - 1.0


def in_words(checks: Iterable[CheckResult]) -> str:
    """Names and findings of checks; empty without any."""
    return "; ".join(f"{check.name}: {check.message}" for check in checks)


@dataclass(frozen=True, slots=True)
class Report:
    """All checks of one trajectory, in a fixed order."""

    checks: tuple[CheckResult, ...]

    @property
    def safe(self) -> bool:
        """No check failed. Checks that could not be made do not make it unsafe; see `not_checked`."""
        return all(check.status != "failed" for check in self.checks)

    @property
    def failed(self) -> tuple[CheckResult, ...]:
        return tuple(check for check in self.checks if check.status == "failed")

    @property
    def not_checked(self) -> tuple[CheckResult, ...]:
        return tuple(check for check in self.checks if check.status == "not_checked")

    def __getitem__(self, name: str) -> CheckResult:
        """The check of that name; KeyError where there is none."""
        for check in self.checks:
            if check.name == name:
                return check
        raise KeyError(name)
