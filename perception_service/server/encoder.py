"""Frames to embeddings: a bounded number of them waits, and none that nobody wants any more is encoded."""

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import structlog

from perception_service.limits import FrameLimits
from perception_service.scene import EncodedScene, Scene
from perception_service.server.batcher import Batcher, BatchLimits
from perception_service.server.errors import CallRefused, NoLongerWanted, QueueFull
from perception_service.server.metrics import Metrics
from perception_service.wire.decode import decode_frame
from perception_service.wire.encode import embedding_message
from waymend.errors import InvalidField
from waymend.perception.v1 import embedding_pb2, frame_pb2

if TYPE_CHECKING:
    # torch comes with it, and a server listens before that is imported.
    from perception_service.pipeline import PreprocessedScene

_log = structlog.get_logger(__name__)
_BATCHES_AT_A_TIME = 2
"""One that is encoded, and the next one that is decoded meanwhile."""


@dataclass(frozen=True, slots=True, eq=False)
class Arrival:
    """A frame and when it came, on `time.perf_counter`."""

    frame: frame_pb2.SensorFrame
    arrived_s: float


@dataclass(frozen=True, slots=True, eq=False)
class _Decoded:
    """A frame that is ready to be encoded, on `time.perf_counter`; `wanted` tells whether it still should be."""

    preprocessed: "PreprocessedScene"
    arrived_s: float
    decode_s: float
    wanted: Callable[[], bool]


class Pipeline(Protocol):
    """What encodes scenes: `preprocess` is called from many threads, `encode_batch` from one."""

    def preprocess(self, scene: Scene, threads: Executor | None = None) -> "PreprocessedScene": ...

    def encode_batch(self, batch: Sequence["PreprocessedScene"]) -> list[EncodedScene]: ...


class FrameEncoder:
    """Checks, decodes and encodes frames, one batch at a time, turn by turn in the order of asking."""

    def __init__(
        self,
        pipeline: Pipeline,
        contract_id: str,
        limits: FrameLimits,
        queue_length: int,
        jpeg_decoders: int,
        metrics: Metrics,
        batch_limits: BatchLimits,
    ) -> None:
        self._pipeline = pipeline
        self._contract_id = contract_id
        self._limits = limits
        self._metrics = metrics
        self._queue_length = queue_length
        self._turns = asyncio.Semaphore(_BATCHES_AT_A_TIME * batch_limits.size)
        self._frame_decoders = ThreadPoolExecutor(_BATCHES_AT_A_TIME * batch_limits.size, "decode")
        self._jpeg_decoders = ThreadPoolExecutor(jpeg_decoders, "jpeg")
        self._frames_in_decoding = 0
        self._batcher = Batcher(self._encode, batch_limits, more_to_come=lambda: self._frames_in_decoding > 0)
        self._batch_size = batch_limits.size
        self._jobs: set[asyncio.Task[embedding_pb2.SceneEmbedding]] = set()
        metrics.watch_frames(lambda: len(self._jobs))

    def warm_up(self, frame: frame_pb2.SensorFrame) -> None:
        """Sends a frame through every thread that will work, alone and in a full batch; call it before `encode`."""
        arrival = Arrival(frame, time.perf_counter())
        decodings = [
            self._frame_decoders.submit(self._decode, arrival, lambda: True)
            for _ in range(_BATCHES_AT_A_TIME * self._batch_size)
        ]
        decoded = [decoding.result() for decoding in decodings]
        for batch in (decoded[:1], decoded[: self._batch_size]):
            for result in self._batcher.run_now(batch):
                if isinstance(result, Exception):
                    raise result

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
        self._batcher.close()
        for threads in (self._frame_decoders, self._jpeg_decoders):
            threads.shutdown()

    def _finished(self, job: asyncio.Task[embedding_pb2.SceneEmbedding]) -> None:
        self._jobs.discard(job)
        error = None if job.cancelled() else job.exception()
        if error is not None and not isinstance(error, InvalidField | CallRefused):
            _log.error("frame failed", error=repr(error))

    async def _job(self, take: Callable[[], Arrival], wanted: Callable[[], bool]) -> embedding_pb2.SceneEmbedding:
        async with self._turns:
            _check(wanted)
            decoded = await self._decoded(take(), wanted)
            embedding = await self._batcher.submit(decoded)
        self._metrics.observe_stages(embedding.timings)
        return embedding

    async def _decoded(self, arrival: Arrival, wanted: Callable[[], bool]) -> _Decoded:
        self._frames_in_decoding += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._frame_decoders, self._decode, arrival, wanted)
        finally:
            self._frames_in_decoding -= 1

    def _decode(self, arrival: Arrival, wanted: Callable[[], bool]) -> _Decoded:
        started_s = time.perf_counter()
        scene = decode_frame(arrival.frame, self._limits, self._jpeg_decoders)
        preprocessed = self._pipeline.preprocess(scene, self._jpeg_decoders)
        return _Decoded(preprocessed, arrival.arrived_s, time.perf_counter() - started_s, wanted)

    def _encode(self, frames: Sequence[_Decoded]) -> list[embedding_pb2.SceneEmbedding | Exception]:
        """What becomes of each frame: its embedding, or NoLongerWanted, or what went wrong."""
        wanted = [frame.wanted() for frame in frames]
        results = iter(self._encode_wanted([frame for frame, still in zip(frames, wanted, strict=True) if still]))
        return [next(results) if still else _no_longer_wanted() for still in wanted]

    def _encode_wanted(self, frames: Sequence[_Decoded]) -> list[embedding_pb2.SceneEmbedding | Exception]:
        """Embeddings of a batch; where it fails, each of its frames gets a try of its own."""
        if not frames:
            return []
        started_s = time.perf_counter()
        try:
            scenes = self._pipeline.encode_batch([frame.preprocessed for frame in frames])
        except Exception as error:
            return [error] if len(frames) == 1 else [result for frame in frames for result in self._encode([frame])]
        return [self._embedding(frame, scene, started_s) for frame, scene in zip(frames, scenes, strict=True)]

    def _embedding(self, frame: _Decoded, encoded: EncodedScene, started_s: float) -> embedding_pb2.SceneEmbedding:
        timings = embedding_pb2.StageTimings(
            queue_ms=max(0.0, started_s - frame.arrived_s - frame.decode_s) * 1e3,
            decode_ms=frame.decode_s * 1e3,
            bevfusion_ms=encoded.stage_ms["bevfusion"],
            tokens_ms=encoded.stage_ms["tokens"],
        )
        embedding = embedding_message(frame.preprocessed.scene, encoded, self._contract_id, timings)
        embedding.timings.total_ms = (time.perf_counter() - frame.arrived_s) * 1e3
        return embedding


def _check(wanted: Callable[[], bool]) -> None:
    if not wanted():
        raise _no_longer_wanted()


def _no_longer_wanted() -> NoLongerWanted:
    return NoLongerWanted("the frame was no longer wanted when its turn came")
