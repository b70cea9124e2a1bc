"""Starting and stopping the server."""

import asyncio
import signal
from collections.abc import Callable

import grpc
import structlog
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from perception_service.limits import FrameLimits
from perception_service.server.batcher import BatchLimits
from perception_service.server.encoder import FrameEncoder
from perception_service.server.interceptor import CallGuard
from perception_service.server.metrics import Metrics
from perception_service.server.service import LoadedModel, PerceptionService
from perception_service.server.sessions import Sessions
from perception_service.settings import PerceptionSettings
from waymend.perception.v1 import perception_pb2, perception_pb2_grpc

SERVICE_NAME = perception_pb2.DESCRIPTOR.services_by_name["PerceptionService"].full_name
_SWEEP_S = 5.0
_KEEPALIVE_MS = 30_000
_KEEPALIVE_TIMEOUT_MS = 10_000
_SHORTEST_PING_INTERVAL_MS = 10_000
_log = structlog.get_logger(__name__)


class PerceptionServer:
    """A server that listens at once, reports NOT_SERVING until its model is loaded, and stops in order."""

    def __init__(
        self,
        settings: PerceptionSettings,
        load: Callable[[PerceptionSettings, Metrics], LoadedModel] | None = None,
    ) -> None:
        self._settings = settings
        self._load = load or load_model
        self.metrics = Metrics()
        self._health = health.aio.HealthServicer()
        self._sessions = Sessions(settings.max_sessions, settings.session_idle_s)
        self._service = PerceptionService(self._sessions, settings.frame_limits, self.metrics)
        self._server = self._build()
        self._sweeping: asyncio.Task[None] | None = None
        self._stop_metrics: Callable[[], None] | None = None

    async def start(self) -> int:
        """Starts listening; returns the port."""
        await self._report(health_pb2.HealthCheckResponse.NOT_SERVING)
        port = self._listen()
        if self._settings.metrics_port is not None:
            self._stop_metrics = self.metrics.expose(self._settings.metrics_host, self._settings.metrics_port)
        self.metrics.watch_sessions(lambda: len(self._sessions))
        await self._server.start()
        self._sweeping = asyncio.create_task(self._sweep())
        _log.info("listening", host=self._settings.host, port=port)
        return port

    async def load(self) -> None:
        """Loads the bundle in a thread, then reports SERVING.

        Raises:
            BundleError: The bundle cannot be loaded.
            InvalidField: A kernel that is asked for does not run here.
        """
        self._service.model = model = await asyncio.to_thread(self._load, self._settings, self.metrics)
        await self._report(health_pb2.HealthCheckResponse.SERVING)
        manifest = model.manifest
        _log.info("serving", bundle=f"{manifest.name} {manifest.version}", contract_id=manifest.contract_id)
        if not manifest.trained:
            _log.warning("the bundle is untrained: its weights are random and its answers mean nothing")

    async def stop(self) -> None:
        """Reports NOT_SERVING, ends followers and streams, lets calls finish for the grace period, then stops."""
        await self._health.enter_graceful_shutdown()
        self._service.stop()
        await self._server.stop(self._settings.stop_grace_s)
        if self._service.model is not None:
            await self._service.model.encoder.close()
        if self._sweeping is not None:
            self._sweeping.cancel()
        if self._stop_metrics is not None:
            await asyncio.to_thread(self._stop_metrics)
        _log.info("stopped")

    def _build(self) -> grpc.aio.Server:
        server = grpc.aio.server(
            interceptors=[CallGuard(SERVICE_NAME, self.metrics)],
            options=server_options(self._settings.frame_limits),
            maximum_concurrent_rpcs=self._settings.max_calls,
        )
        perception_pb2_grpc.add_PerceptionServiceServicer_to_server(self._service, server)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, server)
        names = (SERVICE_NAME, health.SERVICE_NAME, reflection.SERVICE_NAME)
        reflection.enable_server_reflection(names, server)
        return server

    def _listen(self) -> int:
        address = f"{self._settings.host}:{self._settings.port}"
        certificate, key = self._settings.tls_certificate, self._settings.tls_key
        if certificate is None or key is None:
            return self._server.add_insecure_port(address)
        pair = (key.read_bytes(), certificate.read_bytes())
        return self._server.add_secure_port(address, grpc.ssl_server_credentials([pair]))

    async def _report(self, status: health_pb2.HealthCheckResponse.ServingStatus.ValueType) -> None:
        for name in ("", SERVICE_NAME):
            await self._health.set(name, status)  # ty: ignore[invalid-argument-type]

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(min(_SWEEP_S, self._settings.session_idle_s / 4))
            self._sessions.close_idle()


def load_model(settings: PerceptionSettings, metrics: Metrics) -> LoadedModel:
    """Loads the bundle that the settings name; imports torch only now."""
    import torch

    from perception_service.bundle import load_pipeline
    from perception_service.warm_up import warm_up_frame

    torch.set_num_threads(settings.threads)
    bundle, pipeline = load_pipeline(settings.bundle_dir, settings.device, settings.inference_options)
    encoder = FrameEncoder(
        pipeline,
        contract_id=bundle.manifest.contract_id,
        limits=settings.frame_limits,
        queue_length=settings.queue_length,
        jpeg_decoders=settings.threads,
        metrics=metrics,
        batch_limits=BatchLimits(settings.frames_per_batch, settings.batch_delay_ms / 1e3),
    )
    encoder.warm_up(warm_up_frame())
    return LoadedModel(bundle.manifest, settings.device, encoder)


def server_options(limits: FrameLimits) -> list[tuple[str, int]]:
    """Channel arguments: message limits from the largest legal frame, one process per port, keepalive."""
    return [
        ("grpc.max_receive_message_length", limits.message_bytes),
        ("grpc.max_send_message_length", limits.message_bytes),
        ("grpc.so_reuseport", 0),
        ("grpc.keepalive_time_ms", _KEEPALIVE_MS),
        ("grpc.keepalive_timeout_ms", _KEEPALIVE_TIMEOUT_MS),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.min_recv_ping_interval_without_data_ms", _SHORTEST_PING_INTERVAL_MS),
    ]


async def serve(settings: PerceptionSettings) -> None:
    """Serves until SIGTERM or SIGINT.

    Raises:
        BundleError: The bundle cannot be loaded; the server has stopped.
        InvalidField: A kernel that is asked for does not run here; the server has stopped.
    """
    asked_to_stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked_to_stop.set)
    server = PerceptionServer(settings)
    await server.start()
    try:
        stopping = asyncio.create_task(asked_to_stop.wait())
        loading = asyncio.create_task(server.load())
        await asyncio.wait((stopping, loading), return_when=asyncio.FIRST_COMPLETED)
        if loading.done():
            await loading
        await stopping
    finally:
        await server.stop()
