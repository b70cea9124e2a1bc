"""How long answers take: median and 95th percentile, linear between the nearest ranks (numpy's default)."""

from collections.abc import Sequence

import numpy as np


def latency_summary(milliseconds: Sequence[float]) -> dict[str, float | int | None]:
    """`p50_ms` and `p95_ms`; None where nothing was measured."""
    if not milliseconds:
        return {"count": 0, "p50_ms": None, "p95_ms": None}
    p50, p95 = np.percentile(milliseconds, (50, 95))
    return {"count": len(milliseconds), "p50_ms": float(p50), "p95_ms": float(p95)}
