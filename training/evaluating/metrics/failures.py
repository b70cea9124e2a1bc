"""Cases without a usable answer.

They are counted by kind and never dropped: their trajectory after the correction is the input unchanged, which is what
a vehicle would have to drive. failure_rate = cases that failed / all cases.
"""

from collections import Counter
from collections.abc import Sequence
from enum import StrEnum


class Failure(StrEnum):
    """Why there is no usable answer."""

    NON_FINITE = "non_finite"
    REFUSED = "refused"
    TIMED_OUT = "timed_out"


def failure_summary(failures: Sequence[Failure | None]) -> dict[str, float | int]:
    """`failure_rate`, and `failures_<kind>`, from what happened in each of N cases."""
    counts = Counter(failure for failure in failures if failure is not None)
    return {
        "failure_rate": counts.total() / len(failures),
        **{f"failures_{kind}": counts[kind] for kind in Failure},
    }
