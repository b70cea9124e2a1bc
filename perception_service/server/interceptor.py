"""Around every call of the service: errors become statuses, and each call is counted."""

import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import grpc
import structlog

from perception_service.server.errors import CallRefused, abort_invalid
from perception_service.server.metrics import Metrics
from waymend.errors import InvalidField

_log = structlog.get_logger(__name__)
_Around = Callable[[grpc.aio.ServicerContext], AbstractAsyncContextManager[None]]


class CallGuard(grpc.aio.ServerInterceptor):
    """Turns errors into statuses; a caller never sees a stack trace, only an id that the log holds too."""

    def __init__(self, service: str, metrics: Metrics) -> None:
        self._prefix = f"/{service}/"
        self._metrics = metrics

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[grpc.RpcMethodHandler]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> grpc.RpcMethodHandler:
        handler = await continuation(handler_call_details)
        path = handler_call_details.method
        if handler is None or not path.startswith(self._prefix):
            return handler
        method = path.removeprefix(self._prefix)
        return _guarded(handler, lambda context: self._answered(method, context))

    @asynccontextmanager
    async def _answered(self, method: str, context: grpc.aio.ServicerContext) -> AsyncGenerator[None]:
        code = grpc.StatusCode.CANCELLED
        try:
            yield
            code = grpc.StatusCode.OK
        except InvalidField as error:
            code = grpc.StatusCode.INVALID_ARGUMENT
            await abort_invalid(context, error)
        except CallRefused as error:
            code = error.code
            await context.abort(code, str(error))
        except Exception as error:
            code = grpc.StatusCode.INTERNAL
            await _abort_internal(method, context, error)
        finally:
            self._metrics.count_call(method, code.name)


async def _abort_internal(method: str, context: grpc.aio.ServicerContext, error: Exception) -> None:
    error_id = uuid.uuid4().hex
    _log.error("call failed", method=method, error_id=error_id, exc_info=error)
    await context.abort(grpc.StatusCode.INTERNAL, f"internal error {error_id}")


def _guarded(handler: grpc.RpcMethodHandler, around: _Around) -> grpc.RpcMethodHandler:
    behaviour: Callable[..., Any]
    if handler.response_streaming:  # ty: ignore[missing-attribute]
        behaviour = handler.stream_stream if handler.request_streaming else handler.unary_stream  # ty: ignore[missing-attribute]
        make = (
            grpc.stream_stream_rpc_method_handler
            if handler.request_streaming  # ty: ignore[missing-attribute]
            else (grpc.unary_stream_rpc_method_handler)
        )
        return make(_around_stream(behaviour, around), handler.request_deserializer, handler.response_serializer)  # ty: ignore[missing-attribute]
    return grpc.unary_unary_rpc_method_handler(
        _around_answer(handler.unary_unary, around),  # ty: ignore[missing-attribute]
        handler.request_deserializer,  # ty: ignore[missing-attribute]
        handler.response_serializer,  # ty: ignore[missing-attribute]
    )


def _around_answer(behaviour: Callable[..., Any], around: _Around) -> Callable[..., Any]:
    async def answer(request: Any, context: grpc.aio.ServicerContext) -> Any:
        async with around(context):
            return await behaviour(request, context)

    return answer


def _around_stream(behaviour: Callable[..., Any], around: _Around) -> Callable[..., Any]:
    async def answers(request: Any, context: grpc.aio.ServicerContext) -> AsyncIterator[Any]:
        async with around(context):
            async for response in behaviour(request, context):
                yield response

    return answers
