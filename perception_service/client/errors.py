"""What a call may raise besides `waymend.errors.InvalidField`."""

from collections.abc import Generator
from contextlib import contextmanager

import grpc

from waymend.errors import INVALID_FIELD_METADATA, InvalidField
from waymend.perception.v1 import perception_pb2


class PerceptionError(Exception):
    """A call to perception that brought no usable answer."""


class PerceptionUnavailable(PerceptionError):
    """Perception cannot be reached, is loading, or stops; trying again later may help."""


class DeadlineExceeded(PerceptionError):
    """No answer within `timeout_s`."""


class Overloaded(PerceptionError):
    """Too many sessions or waiting frames."""


class ContractMismatch(PerceptionError):
    """Perception runs another contract than the caller expects."""


class UnknownSession(PerceptionError):
    """The followed session has expired."""


class PerceptionFailed(PerceptionError):
    """Perception failed, or answered with a status that this client does not know."""


class MalformedEmbedding(PerceptionError):
    """Perception's answer breaks the wire contract."""


_BY_CODE: dict[grpc.StatusCode, type[PerceptionError]] = {
    grpc.StatusCode.UNAVAILABLE: PerceptionUnavailable,
    grpc.StatusCode.DEADLINE_EXCEEDED: DeadlineExceeded,
    grpc.StatusCode.RESOURCE_EXHAUSTED: Overloaded,
    grpc.StatusCode.FAILED_PRECONDITION: ContractMismatch,
    grpc.StatusCode.NOT_FOUND: UnknownSession,
}


def error_from_rpc(error: grpc.RpcError) -> Exception:
    """The error that stands for a failed call: InvalidField or a PerceptionError."""
    code, details = error.code(), error.details() or ""  # ty: ignore[missing-attribute]
    if code is grpc.StatusCode.INVALID_ARGUMENT:
        for key, value in error.trailing_metadata() or ():  # ty: ignore[missing-attribute]
            if key == INVALID_FIELD_METADATA:
                return invalid_field(perception_pb2.InvalidField.FromString(value))
    return _BY_CODE.get(code, PerceptionFailed)(f"{code.name}: {details}")


@contextmanager
def rpc_errors_translated() -> Generator[None]:
    """Raises what `error_from_rpc` makes of a call that fails within the block."""
    try:
        yield
    except grpc.RpcError as error:
        raise error_from_rpc(error) from error


def invalid_field(message: perception_pb2.InvalidField) -> InvalidField:
    """The error that the message tells of."""
    return InvalidField(message.field, message.expected, message.given)
