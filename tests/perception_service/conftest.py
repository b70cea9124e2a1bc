"""A small frame, a tiny bundle with random weights, and real servers on loopback."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch

from perception_service.bundle import CONFIG_FILE, WEIGHTS_FILE, load_pipeline, token_sets
from perception_service.client import PerceptionClient
from perception_service.models.config import PerceptionConfig
from perception_service.models.perception_model import PerceptionModel
from perception_service.models.presets import preset
from perception_service.models.weights import save_weights
from perception_service.pipeline import PerceptionPipeline
from perception_service.server.batcher import BatchLimits
from perception_service.server.encoder import FrameEncoder
from perception_service.server.metrics import Metrics
from perception_service.server.server import PerceptionServer
from perception_service.server.service import LoadedModel
from perception_service.settings import PerceptionSettings
from tests.perception_service.serving import GatedPipeline, RunningServer, StartServer
from tests.perception_service.small_frame import small_frame
from waymend.bundle import BaseModelReference, Bundle, write_manifest
from waymend.perception.v1 import frame_pb2
from waymend.trajectory import Horizon


@pytest.fixture
def frame() -> frame_pb2.SensorFrame:
    return small_frame()


@pytest.fixture(scope="session")
def jpeg_decoders() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as threads:
        yield threads


@pytest.fixture(scope="session")
def bundle_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle whose perception half is the tiny preset with random weights."""
    torch.manual_seed(0)
    directory = tmp_path_factory.mktemp("bundle")
    (directory / "perception").mkdir()
    config = preset("tiny")
    (directory / "perception" / CONFIG_FILE).write_text(json.dumps(config))
    save_weights(PerceptionModel.from_config(config), directory / "perception" / WEIGHTS_FILE, torch.float16)
    write_manifest(
        directory,
        name="test",
        version="1",
        trained=False,
        base_model=BaseModelReference(name="none"),
        modalities=token_sets(PerceptionConfig.parse(config)),
        horizon=Horizon(),
    )
    return directory


@pytest.fixture(scope="session")
def loaded(bundle_dir: Path) -> tuple[Bundle, PerceptionPipeline]:
    torch.set_num_threads(1)
    return load_pipeline(bundle_dir)


@pytest.fixture(scope="session")
def start_server(loaded: tuple[Bundle, PerceptionPipeline]) -> StartServer:
    """Starts a server on an ephemeral loopback port, with the real pipeline."""
    bundle, real_pipeline = loaded

    @contextmanager
    def start(**changes: object) -> Iterator[RunningServer]:
        settings = PerceptionSettings(**{"port": 0, "threads": 1, "stop_grace_s": 2.0, **changes})
        pipeline = GatedPipeline(real_pipeline)

        def load(settings: PerceptionSettings, metrics: Metrics) -> LoadedModel:
            encoder = FrameEncoder(
                pipeline,
                bundle.manifest.contract_id,
                settings.frame_limits,
                settings.queue_length,
                jpeg_decoders=2,
                metrics=metrics,
                batch_limits=BatchLimits(settings.frames_per_batch, settings.batch_delay_ms / 1e3),
            )
            return LoadedModel(bundle.manifest, "cpu", encoder)

        with _event_loop() as loop:
            server = asyncio.run_coroutine_threadsafe(_make(settings, load), loop).result(60)
            port = asyncio.run_coroutine_threadsafe(_run(server), loop).result(60)
            try:
                yield RunningServer(f"127.0.0.1:{port}", bundle.manifest.contract_id, pipeline, server, loop)
            finally:
                pipeline.gate.set()
                asyncio.run_coroutine_threadsafe(server.stop(), loop).result(60)

    return start


async def _make(
    settings: PerceptionSettings, load: Callable[[PerceptionSettings, Metrics], LoadedModel]
) -> PerceptionServer:
    return PerceptionServer(settings, load)


async def _run(server: PerceptionServer) -> int:
    port = await server.start()
    await server.load()
    return port


@contextmanager
def _event_loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


@pytest.fixture(scope="session")
def server(start_server: StartServer) -> Iterator[RunningServer]:
    """The server that most tests share."""
    with start_server() as running:
        yield running


@pytest.fixture(scope="session")
def client(server: RunningServer) -> Iterator[PerceptionClient]:
    with PerceptionClient(server.address) as client:
        yield client
