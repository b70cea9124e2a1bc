"""The FastAPI application."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import Depends, FastAPI
from prometheus_fastapi_instrumentator import Instrumentator

from llm_service.metrics import IN_FLIGHT, SESSIONS
from llm_service.rest import correct, sessions, status
from llm_service.rest.authorisation import require_api_key
from llm_service.rest.body_limit import BodyLimit
from llm_service.rest.openapi import install_openapi
from llm_service.rest.problems import install_problem_handlers
from llm_service.service import running_service
from llm_service.settings import LlmSettings
from waymend.bundle import Bundle


def create_app(settings: LlmSettings, bundle: Bundle) -> FastAPI:
    """The service as an ASGI application; its lifespan starts and stops the engine."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        async with running_service(settings, bundle) as service:
            app.state.service = service
            SESSIONS.set_function(lambda: len(service.sessions))
            IN_FLIGHT.set_function(lambda: service.gate.in_flight)
            yield

    app = FastAPI(
        title="Waymend",
        version=version("waymend"),
        description="Corrects planned driving trajectories.",
        lifespan=lifespan,
    )
    app.state.settings = settings
    for router in (correct.router, sessions.router, status.models):
        app.include_router(router, dependencies=[Depends(require_api_key)])
    app.include_router(status.health)
    install_problem_handlers(app)
    install_openapi(app)
    app.add_middleware(BodyLimit, max_bytes=settings.max_body_bytes)
    Instrumentator(excluded_handlers=["/metrics", "/healthz", "/readyz"]).instrument(app).expose(app, tags=["health"])
    return app
