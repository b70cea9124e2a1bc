"""`waymend-health` against real servers."""

import datetime
import ipaddress
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from tests.deploy.deployment import ROOT

Status = health_pb2.HealthCheckResponse


@contextmanager
def grpc_server(status, credentials=None):
    server = grpc.server(ThreadPoolExecutor(2))
    servicer = health.HealthServicer()
    servicer.set("", status)
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    address = "127.0.0.1:0"
    port = server.add_secure_port(address, credentials) if credentials else server.add_insecure_port(address)
    server.start()
    try:
        yield port
    finally:
        server.stop(None).wait()


@contextmanager
def http_server(status: int):
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status if self.path == "/healthz" else 404)
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


def exit_status(service: str, **variables: object) -> int:
    environment = os.environ | {name: str(value) for name, value in variables.items()}
    command = [sys.executable, str(ROOT / "deploy/health.py"), service]
    return subprocess.run(command, env=environment, capture_output=True, timeout=30).returncode


def issue_certificate(directory, name: str):
    """A CA-signed certificate for `name`; paths of the certificate and its key."""
    ca_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    now = datetime.datetime.now(datetime.UTC)

    def subject(common_name):
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])

    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject(name))
        .issuer_name(subject("a test authority"))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("10.0.0.1"))]), False
        )
        .sign(ca_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (directory / "tls.crt").write_bytes(certificate.public_bytes(pem))
    (directory / "tls.key").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return directory / "tls.crt", directory / "tls.key"


@pytest.mark.parametrize(("status", "code"), [(Status.SERVING, 0), (Status.NOT_SERVING, 1)])
def test_perception_is_healthy_while_it_serves(status, code):
    with grpc_server(status) as port:
        assert exit_status("perception", WAYMEND_PERCEPTION_PORT=port) == code


@pytest.mark.parametrize(("name", "code"), [("perception", 0), ("elsewhere", 1)])
def test_a_tls_server_is_healthy_where_its_certificate_names_perception(name, code, tmp_path):
    certificate, key = issue_certificate(tmp_path, name)
    credentials = grpc.ssl_server_credentials([(key.read_bytes(), certificate.read_bytes())])
    with grpc_server(Status.SERVING, credentials) as port:
        found = exit_status("perception", WAYMEND_PERCEPTION_PORT=port, WAYMEND_PERCEPTION_TLS_CERTIFICATE=certificate)
    assert found == code


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1)])
def test_the_llm_service_is_healthy_while_it_answers(status, code):
    with http_server(status) as port:
        assert exit_status("llm", WAYMEND_LLM_PORT=port) == code


@pytest.mark.parametrize("service", ["perception", "llm"])
def test_a_service_that_does_not_listen_is_unhealthy(service):
    # Port 1 is reserved and has no listener.
    assert exit_status(service, WAYMEND_PERCEPTION_PORT=1, WAYMEND_LLM_PORT=1) == 1
