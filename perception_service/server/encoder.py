"""The one worker: at most a few frames wait for it, and none that nobody wants any more is encoded."""

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

import structlog

from perception_service.limits import FrameLimits
from perception_service.scene import EncodedScene, Scene
from perception_service.server.errors import CallRefused, NoLongerWanted, QueueFull
from perception_service.server.metrics import Metrics
from perception_service.wire.decode import decode_frame
from perception_service.wire.encode import embedding_message
from waymend.errors import InvalidField
from waymend.perception.v1 import embedding_pb2, frame_pb2

_log = structlog.get_logger(__name__)
_FRAMES_AT_A_TIME = 2
"""One that is encoded, and the next one that is decoded meanwhile."""


@dataclass(frozen=True, slots=True, eq=False)
class Arrival:
    """A frame and when it came, on `time.perf_counter`."""

    frame: frame_pb2.SensorFrame
    arrived_s: float


class Pipeline(Protocol):
    """What encodes a scene; called from one thread."""

    def encode(self, scene: Scene) -> EncodedScene: ...


class FrameEncoder:
    """Checks, decodes and encodes frames, one encoding at a time, turn by turn in the order of asking."""

    def __init__(
        self,
        pipeline: Pipeline,
        contract_id: str,
        limits: FrameLimits,
        queue_length: int,
        jpeg_decoders: int,
        metrics: Metrics,
    ) -> None:
        self._pipeline = pipeline
        self._contract_id = contract_id
        self._limits = limits
        self._metrics = metrics
        self._turns = asyncio.Semaphore(_FRAMES_AT_A_TIME)
        self._queue_length = queue_length
        self._worker = ThreadPoolExecutor(1, "encode")
        self._frame_decoders = ThreadPoolExecutor(_FRAMES_AT_A_TIME, "decode")
        self._jpeg_decoders = ThreadPoolExecutor(jpeg_decoders, "jpeg")
        self._jobs: set[asyncio.Task[embedding_pb2.SceneEmbedding]] = set()
        metrics.watch_frames(lambda: len(self._jobs))

    def warm_up(self, frame: frame_pb2.SensorFrame) -> None:
        """Sends a frame through every thread that will work; call it before the first `encode`."""
        decodings = [self._frame_decoders.submit(self._decode, frame) for _ in range(_FRAMES_AT_A_TIME)]
        for decoding in decodings:
            scene, _ = decoding.result()
            self._worker.submit(self._pipeline.encode, scene).result()

    def check_room(self) -> None:
        """Raises QueueFull where as many frames as may wait already do."""
        if len(self._jobs) >= self._queue_length:
            raise QueueFull(f"{self._queue_length} frames wait already")

    async def encode(
        self, take: Callable[[], Arrival], wanted: Callable[[], bool] = lambda: True
    ) -> embedding_pb2.SceneEmbedding:
        """The embedding of a frame.

        Args:
            take: Asked for the frame when its turn has come, so that a stream can hand over its newest.
            wanted: Asked before each stage. A frame whose caller is cancelled is not wanted either.

        Raises:
            InvalidField: The frame is wrong.
            NoLongerWanted: `wanted` said no.
        """
        gone = threading.Event()
        job = asyncio.create_task(self._job(take, lambda: not gone.is_set() and wanted()))
        self._jobs.add(job)
        job.add_done_callback(self._finished)
        try:
            return await asyncio.shield(job)
        except asyncio.CancelledError:
            gone.set()
            raise

    async def close(self) -> None:
        """Waits for the frames that are worked on, then ends the threads."""
        await asyncio.gather(*self._jobs, return_exceptions=True)
        for threads in (self._frame_decoders, self._worker, self._jpeg_decoders):
            threads.shutdown()

    def _finished(self, job: asyncio.Task[embedding_pb2.SceneEmbedding]) -> None:
        self._jobs.discard(job)
        error = None if job.cancelled() else job.exception()
        if error is not None and not isinstance(error, InvalidField | CallRefused):
            _log.error("frame failed", error=repr(error))

    async def _job(self, take: Callable[[], Arrival], wanted: Callable[[], bool]) -> embedding_pb2.SceneEmbedding:
        in_thread = asyncio.get_running_loop().run_in_executor
        async with self._turns:
            _check(wanted)
            arrival = take()
            scene, decode_s = await in_thread(self._frame_decoders, self._decode, arrival.frame)
            embedding = await in_thread(self._worker, self._encode, scene, decode_s, arrival.arrived_s, wanted)
        self._metrics.observe_stages(embedding.timings)
        return embedding

    def _decode(self, frame: frame_pb2.SensorFrame) -> tuple[Scene, float]:
        started_s = time.perf_counter()
        scene = decode_frame(frame, self._limits, self._jpeg_decoders)
        return scene, time.perf_counter() - started_s

    def _encode(
        self, scene: Scene, decode_s: float, arrived_s: float, wanted: Callable[[], bool]
    ) -> embedding_pb2.SceneEmbedding:
        _check(wanted)
        started_s = time.perf_counter()
        encoded = self._pipeline.encode(scene)
        timings = embedding_pb2.StageTimings(
            queue_ms=max(0.0, started_s - arrived_s - decode_s) * 1e3,
            decode_ms=decode_s * 1e3,
            bevfusion_ms=encoded.stage_ms["bevfusion"],
            tokens_ms=encoded.stage_ms["tokens"],
        )
        embedding = embedding_message(scene, encoded, self._contract_id, timings)
        embedding.timings.total_ms = (time.perf_counter() - arrived_s) * 1e3
        return embedding


def _check(wanted: Callable[[], bool]) -> None:
    if not wanted():
        raise NoLongerWanted("the frame was no longer wanted when its turn came")
