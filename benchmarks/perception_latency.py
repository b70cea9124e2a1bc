"""Frame to embedding through a real channel: where the time goes."""

from collections.abc import Iterable, Sequence

from benchmarks.table import Figure
from perception_service.client import Embedding, PerceptionClient
from waymend.perception.v1 import frame_pb2

_WARM_UP = 3
_RUNS = 30


def measure(
    target: str, frames: Sequence[frame_pb2.SensorFrame], longest_ms: float | None = None
) -> tuple[list[Figure], Embedding]:
    """p50 of the whole (at most `longest_ms`) and of each stage; and an embedding for the other benchmarks."""
    with PerceptionClient(target) as client:
        embeddings = [client.encode(frames[run % len(frames)], timeout_s=60.0) for run in range(_WARM_UP + _RUNS)]
    measured = embeddings[_WARM_UP:]
    stages = ("queue", "decode", "bevfusion", "tokens", "total")
    figures = [
        Figure(f"perception, {stage}: p50", f"{_p50(getattr(e.timings, f'{stage}_ms') for e in measured):.1f} ms")
        for stage in stages
    ]
    wire = [embedding.timings.wire_ms or 0.0 for embedding in measured]
    wire_ms = _p50(wire)
    figures.append(Figure("wire (serialise, send, check): p50", f"{wire_ms:.1f} ms", "<= 5 ms", wire_ms <= 5.0))
    whole_ms = _p50(embedding.timings.total_ms + wire for embedding, wire in zip(measured, wire, strict=True))
    limit = ("", None) if longest_ms is None else (f"<= {longest_ms:.0f} ms", whole_ms <= longest_ms)
    figures.append(Figure("frame to embedding at the client: p50", f"{whole_ms:.1f} ms", *limit))
    return figures, embeddings[-1]


def _p50(values: Iterable[float]) -> float:
    ordered = sorted(values)
    return ordered[len(ordered) // 2]
