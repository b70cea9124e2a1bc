"""Both clients against a real server: answers, errors, retries, TLS."""

import asyncio
import datetime
import ipaddress
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from perception_service.client import (
    AsyncPerceptionClient,
    ChannelSettings,
    ContractMismatch,
    FrameOutcome,
    MalformedEmbedding,
    PerceptionClient,
    PerceptionUnavailable,
    TokenSet,
)
from perception_service.client.embedding import DEFAULT_TOKEN_SETS, embedding_from_message
from tests.perception_service.serving import RunningServer, StartServer
from tests.perception_service.small_frame import TIMESTAMP_US, small_frame
from waymend.errors import InvalidField
from waymend.perception.v1 import embedding_pb2, frame_pb2
from waymend.tensors import pack_tensor


def test_the_asyncio_client_makes_the_same_embedding(server: RunningServer, client: PerceptionClient) -> None:
    async def encode() -> np.ndarray:
        async with AsyncPerceptionClient(server.address) as aio:
            assert await aio.is_serving()
            assert (await aio.model_info()).contract_id == server.contract_id
            return (await aio.encode(small_frame(), timeout_s=60)).bev_tokens

    np.testing.assert_array_equal(asyncio.run(encode()), client.encode(small_frame(), timeout_s=60).bev_tokens)


def test_the_asyncio_client_streams_and_follows(server: RunningServer) -> None:
    async def frames() -> AsyncIterator[frame_pb2.SensorFrame]:
        yield small_frame("a")
        yield small_frame("old")
        await asyncio.sleep(2)
        yield small_frame("b", TIMESTAMP_US + 1)

    async def scenario() -> tuple[list[FrameOutcome], str]:
        async with AsyncPerceptionClient(server.address) as aio:
            outcomes = [outcome async for outcome in aio.stream_encode("async-drive", frames(), timeout_s=60)]
            async for embedding in aio.subscribe("async-drive", server.contract_id, timeout_s=60):
                return outcomes, embedding.frame_id
        raise AssertionError("no embedding")

    outcomes, newest = asyncio.run(scenario())
    by_id = {outcome.frame_id: outcome for outcome in outcomes}
    assert by_id["a"].embedding is not None
    assert by_id["b"].embedding is not None
    assert isinstance(by_id["old"].rejected, InvalidField)
    assert newest == "b"


def test_asyncio_errors_are_the_same(server: RunningServer) -> None:
    async def scenario() -> None:
        async with AsyncPerceptionClient(server.address) as aio:
            with pytest.raises(InvalidField) as refusal:
                await aio.encode(small_frame(timestamp_us=0), timeout_s=60)
            assert refusal.value.field == "frame.timestamp_us"
            with pytest.raises(ContractMismatch):
                await aio.encode(small_frame(), timeout_s=60, expected_contract_id="f" * 32)

    asyncio.run(scenario())


def test_nobody_listening_is_unavailable() -> None:
    with PerceptionClient("127.0.0.1:1") as nobody, pytest.raises(PerceptionUnavailable):
        nobody.model_info(timeout_s=10)


def test_encode_is_tried_again_until_the_server_is_up(start_server: StartServer) -> None:
    with start_server() as server:
        port = int(server.address.rpartition(":")[2])
    answers: list[str] = []
    with PerceptionClient(server.address) as client:
        caller = threading.Thread(target=lambda: answers.append(client.encode(small_frame(), 30).frame_id))
        caller.start()
        with start_server(port=port):
            caller.join(30)
    assert answers == ["frame-0"]


def _message(**changes: object) -> embedding_pb2.SceneEmbedding:
    tokens = {name: np.zeros((2, 256), np.float16) for name in ("image_tokens", "bev_tokens", "vector_tokens")}
    packed = {name: pack_tensor(array) for name, array in (tokens | changes).items()}
    return embedding_pb2.SceneEmbedding(contract_id="c" * 32, **packed)


@pytest.mark.parametrize(
    ("tokens", "complaint"),
    [
        (np.zeros((2, 256), np.float32), r"bev_tokens\.dtype"),
        (np.zeros((2, 128), np.float16), r"bev_tokens\.shape"),
        (np.zeros((65, 256), np.float16), "at most 64 rows"),
        (np.full((2, 256), np.nan, np.float16), "finite"),
    ],
)
def test_a_malformed_embedding_is_refused(tokens: np.ndarray, complaint: str) -> None:
    with pytest.raises(MalformedEmbedding, match=complaint):
        embedding_from_message(_message(bev_tokens=tokens), DEFAULT_TOKEN_SETS)


def test_an_embedding_of_a_foreign_contract_is_refused() -> None:
    with pytest.raises(ContractMismatch, match="d" * 32):
        embedding_from_message(_message(), DEFAULT_TOKEN_SETS, expected_contract_id="d" * 32)


def test_token_sets_are_the_callers_to_choose() -> None:
    narrow = {name: TokenSet(4, 8) for name in DEFAULT_TOKEN_SETS}
    tokens = {name: np.ones((4, 8), np.float16) for name in ("image_tokens", "bev_tokens", "vector_tokens")}
    assert embedding_from_message(_message(**tokens), narrow).bev_tokens.shape == (4, 8)


def test_tokens_of_a_modality_that_the_contract_lacks_have_to_be_none() -> None:
    lacking = {name: TokenSet(4, 8) for name in ("image", "vector")}
    tokens = {name: np.ones((4, 8), np.float16) for name in ("image_tokens", "vector_tokens")}
    empty = _message(**tokens, bev_tokens=np.zeros((0, 8), np.float16))
    assert len(embedding_from_message(empty, lacking).bev_tokens) == 0
    with pytest.raises(MalformedEmbedding, match=r"bev_tokens\.shape: expected at most 0 rows"):
        embedding_from_message(_message(**tokens), lacking)


def test_a_server_with_a_certificate_is_reached_over_tls(start_server: StartServer, tmp_path: Path) -> None:
    certificate, key = _self_signed(tmp_path)
    settings = ChannelSettings(tls=True, root_certificates=certificate.read_bytes())
    with start_server(tls_certificate=certificate, tls_key=key) as server:
        with PerceptionClient(server.address, settings) as client:
            assert client.encode(small_frame(), timeout_s=60).frame_id == "frame-0"
        with PerceptionClient(server.address) as plain, pytest.raises(PerceptionUnavailable):
            plain.model_info(timeout_s=10)


def _self_signed(directory: Path) -> tuple[Path, Path]:
    x509 = pytest.importorskip("cryptography.x509")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, "loopback")])
    now = datetime.datetime.now(datetime.UTC)
    loopback = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(loopback, critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate_file, key_file = directory / "server.pem", directory / "server.key"
    certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return certificate_file, key_file
