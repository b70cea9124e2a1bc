"""What Prometheus is told beside the request metrics of the instrumentator."""

from prometheus_client import Counter, Gauge, Histogram

from llm_service.correction.corrector import Correction

_STAGE_BUCKETS_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)

STAGE_SECONDS = Histogram(
    "waymend_correction_stage_seconds", "Time of each stage of a correction.", ["stage"], buckets=_STAGE_BUCKETS_S
)
CORRECTIONS = Counter("waymend_corrections_total", "Corrections made, by status.", ["status"])
SESSIONS = Gauge("waymend_sessions", "Open sessions.")
IN_FLIGHT = Gauge("waymend_corrections_in_flight", "Corrections under way.")


def count_correction(correction: Correction) -> None:
    """Counts a correction and the time of its stages."""
    CORRECTIONS.labels(correction.decision.status).inc()
    for stage, milliseconds in correction.stage_ms.items():
        STAGE_SECONDS.labels(stage).observe(milliseconds / 1e3)
