"""Real servers in threads, whose encoding a test can hold up."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from contextlib import AbstractContextManager
from dataclasses import dataclass

from perception_service.pipeline import PerceptionPipeline, PreprocessedScene
from perception_service.scene import EncodedScene, Scene
from perception_service.server.server import PerceptionServer


class GatedPipeline:
    """The real pipeline behind a gate, so that a test decides when encoding goes on; notes what was encoded."""

    def __init__(self, pipeline: PerceptionPipeline) -> None:
        self._pipeline = pipeline
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Semaphore(0)
        self.frame_ids: list[str] = []
        self.batch_sizes: list[int] = []

    def preprocess(self, scene: Scene, threads: Executor | None = None) -> PreprocessedScene:
        return self._pipeline.preprocess(scene, threads)

    def encode_batch(self, batch: Sequence[PreprocessedScene]) -> list[EncodedScene]:
        names = [item.scene.frame_id for item in batch]
        self.frame_ids += names
        self.batch_sizes.append(len(batch))
        self.entered.release()
        assert self.gate.wait(60)
        if "breaks" in names:
            raise RuntimeError("secret detail")
        return self._pipeline.encode_batch(batch)


@dataclass(frozen=True)
class RunningServer:
    """A server in a thread of its own."""

    address: str
    contract_id: str
    pipeline: GatedPipeline
    server: PerceptionServer
    loop: asyncio.AbstractEventLoop

    def stop_soon(self) -> asyncio.Future:
        return asyncio.run_coroutine_threadsafe(self.server.stop(), self.loop)


StartServer = Callable[..., AbstractContextManager[RunningServer]]
