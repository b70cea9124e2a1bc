#!/opt/waymend/bin/python
"""Container health: `waymend-health perception` asks grpc.health.v1, `waymend-health llm` asks /healthz.

Reads the service's own variables. Exit status 0 says healthy. With TLS, the server's certificate must name
`perception`, the name by which the LLM service calls it.
"""

import os
import sys
import urllib.request
from pathlib import Path

_TIMEOUT_S = 4.0
_TLS_NAME = "perception"


def perception_is_serving() -> bool:
    """Whether the gRPC server in this container is SERVING."""
    import grpc
    from grpc_health.v1 import health_pb2, health_pb2_grpc

    address = f"127.0.0.1:{os.environ.get('WAYMEND_PERCEPTION_PORT', '50051')}"
    with _channel(grpc, address, os.environ.get("WAYMEND_PERCEPTION_TLS_CERTIFICATE")) as channel:
        try:
            answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=_TIMEOUT_S)
        except grpc.RpcError as error:
            print(error, file=sys.stderr)
            return False
    return answer.status == health_pb2.HealthCheckResponse.SERVING


def llm_is_alive() -> bool:
    """Whether the REST server in this container answers; it listens once the engine is up."""
    url = f"http://127.0.0.1:{os.environ.get('WAYMEND_LLM_PORT', '8000')}/healthz"
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT_S) as answer:
            return answer.status == 200
    except OSError as error:
        print(error, file=sys.stderr)
        return False


def _channel(grpc, address: str, certificate: str | None):  # noqa: ANN001, ANN202
    if not certificate:
        return grpc.insecure_channel(address)
    # The server's own certificate is trust enough for a call to itself.
    credentials = grpc.ssl_channel_credentials(Path(certificate).read_bytes())
    return grpc.secure_channel(address, credentials, [("grpc.ssl_target_name_override", _TLS_NAME)])


CHECKS = {"perception": perception_is_serving, "llm": llm_is_alive}

if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in CHECKS:
        sys.exit(f"usage: waymend-health {'|'.join(CHECKS)}")
    sys.exit(0 if CHECKS[sys.argv[1]]() else 1)
