"""Why a call ends without an answer, and how the caller is told."""

from typing import NoReturn

import grpc

from waymend.errors import INVALID_FIELD_METADATA, InvalidField
from waymend.perception.v1 import perception_pb2


class CallRefused(Exception):
    """A call that cannot be served; the message is meant for the caller."""

    code = grpc.StatusCode.UNKNOWN


class TooManySessions(CallRefused):
    """No session is free."""

    code = grpc.StatusCode.RESOURCE_EXHAUSTED


class QueueFull(CallRefused):
    """Too many frames wait already."""

    code = grpc.StatusCode.RESOURCE_EXHAUSTED


class ForeignContract(CallRefused):
    """The caller expects another contract id."""

    code = grpc.StatusCode.FAILED_PRECONDITION


class SessionClosed(CallRefused):
    """The session that was followed has expired."""

    code = grpc.StatusCode.NOT_FOUND


class NotServing(CallRefused):
    """The model is still loading, or the server stops."""

    code = grpc.StatusCode.UNAVAILABLE


class NoLongerWanted(CallRefused):
    """Nobody waits for the frame any more: the caller went away, its deadline passed, or a newer frame came."""

    code = grpc.StatusCode.DEADLINE_EXCEEDED


async def abort_invalid(context: grpc.aio.ServicerContext, error: InvalidField) -> NoReturn:
    """INVALID_ARGUMENT with the field, the expected and the given in the trailing metadata."""
    metadata = ((INVALID_FIELD_METADATA, invalid_field_message(error).SerializeToString()),)
    await context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error), metadata)


def invalid_field_message(error: InvalidField) -> perception_pb2.InvalidField:
    """The error as a message."""
    return perception_pb2.InvalidField(field=error.field, expected=error.expected, given=error.given)
