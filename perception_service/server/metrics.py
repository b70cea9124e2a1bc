"""What Prometheus can see: calls, stages, sessions and waiting frames."""

from collections.abc import Callable
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

from waymend.perception.v1 import embedding_pb2

_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_STAGES: Final = ("queue", "decode", "bevfusion", "tokens", "total")


class Metrics:
    """Metrics of one server, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._calls = Counter(
            "waymend_perception_calls",
            "Finished calls by method and gRPC status.",
            ["method", "code"],
            registry=self.registry,
        )
        self._stages = Histogram(
            "waymend_perception_stage_seconds",
            "Time of one frame in each stage.",
            ["stage"],
            buckets=_BUCKETS_S,
            registry=self.registry,
        )
        self._stream_frames = Counter(
            "waymend_perception_stream_frames", "Frames of streams by outcome.", ["outcome"], registry=self.registry
        )
        self._sessions = Gauge("waymend_perception_sessions", "Open sessions.", registry=self.registry)
        self._frames = Gauge("waymend_perception_frames", "Frames that wait or are encoded.", registry=self.registry)

    def count_call(self, method: str, code: str) -> None:
        self._calls.labels(method, code).inc()

    def count_stream_frame(self, outcome: str) -> None:
        self._stream_frames.labels(outcome).inc()

    def observe_stages(self, timings: embedding_pb2.StageTimings) -> None:
        for stage in _STAGES:
            self._stages.labels(stage).observe(getattr(timings, f"{stage}_ms") / 1e3)

    def watch_sessions(self, count: Callable[[], int]) -> None:
        self._sessions.set_function(count)

    def watch_frames(self, count: Callable[[], int]) -> None:
        self._frames.set_function(count)

    def expose(self, host: str, port: int) -> Callable[[], None]:
        """Serves the metrics over HTTP; returns what stops that."""
        server, thread = start_http_server(port, host, self.registry)

        def stop() -> None:
            server.shutdown()
            server.server_close()
            thread.join()

        return stop
