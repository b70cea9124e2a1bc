"""How clients connect: message limits, keepalive, retries, TLS, and the health check."""

import json
from dataclasses import dataclass, field

import grpc

from perception_service.limits import FrameLimits
from waymend.errors import InvalidField
from waymend.perception.v1 import frame_pb2

_SERVICE = "waymend.perception.v1.PerceptionService"
_RETRIES = {
    "maxAttempts": 5,
    "initialBackoff": "0.1s",
    "maxBackoff": "1s",
    "backoffMultiplier": 2,
    "retryableStatusCodes": ["UNAVAILABLE"],
}
_SERVICE_CONFIG = {
    "methodConfig": [
        {
            "name": [{"service": _SERVICE, "method": method} for method in ("Encode", "GetModelInfo")],
            "retryPolicy": _RETRIES,
        }
    ]
}

HEALTH_METHOD = "/grpc.health.v1.Health/Check"
HEALTH_REQUEST = b"\x0a" + bytes([len(_SERVICE)]) + _SERVICE.encode()
"""HealthCheckRequest{service} on the wire; written out so that clients do not need grpcio-health-checking."""
HEALTH_SERVING = b"\x08\x01"
"""HealthCheckResponse{status: SERVING} on the wire."""


@dataclass(frozen=True, slots=True)
class ChannelSettings:
    """How to reach a server.

    Attributes:
        limits: The server's limits of a frame; message limits follow from them.
        tls: Whether to encrypt.
        root_certificates: PEM; None takes the system's.
    """

    limits: FrameLimits = field(default_factory=FrameLimits)
    tls: bool = False
    root_certificates: bytes | None = None

    @property
    def options(self) -> list[tuple[str, int | str]]:
        """Channel arguments."""
        return [
            ("grpc.max_send_message_length", self.limits.message_bytes),
            ("grpc.max_receive_message_length", self.limits.message_bytes),
            ("grpc.per_rpc_retry_buffer_size", self.limits.message_bytes),
            ("grpc.service_config", json.dumps(_SERVICE_CONFIG)),
            ("grpc.keepalive_time_ms", 30_000),
            ("grpc.keepalive_timeout_ms", 10_000),
            ("grpc.initial_reconnect_backoff_ms", 100),
            ("grpc.max_reconnect_backoff_ms", 2_000),
        ]

    @property
    def credentials(self) -> grpc.ChannelCredentials | None:
        return grpc.ssl_channel_credentials(self.root_certificates) if self.tls else None

    def check_size(self, frame: frame_pb2.SensorFrame) -> None:
        """Raises InvalidField where the frame is larger than any legal one."""
        if (size := frame.ByteSize()) > self.limits.message_bytes:
            raise InvalidField("frame", f"at most {self.limits.message_bytes} bytes", f"{size} bytes")
