"""A point in time that a request must not outlive, handed from REST to gRPC to the engine."""

import asyncio
import time
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Deadline:
    """A deadline on the monotonic clock, seconds."""

    at_s: float

    @classmethod
    def after_ms(cls, milliseconds: float) -> Self:
        return cls(time.monotonic() + milliseconds / 1e3)

    @property
    def remaining_s(self) -> float:
        """Seconds left, 0 once it has passed."""
        return max(0.0, self.at_s - time.monotonic())

    def timeout(self) -> asyncio.Timeout:
        """`async with deadline.timeout():` raises TimeoutError once the deadline passes."""
        return asyncio.timeout(self.remaining_s)
