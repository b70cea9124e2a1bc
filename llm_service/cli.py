"""`llm-service serve`."""

import signal
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from llm_service.settings import LlmSettings

app = typer.Typer(no_args_is_help=True, help="Corrects planned trajectories: FastAPI over vLLM.")


@app.callback()
def main() -> None:
    """Keeps `serve` a named command."""


@app.command()
def serve(
    bundle: Annotated[Path | None, typer.Option(help="Directory of the bundle.")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="TCP port to listen on.")] = None,
    perception: Annotated[str | None, typer.Option(help="gRPC address of the perception service.")] = None,
    frames_root: Annotated[Path | None, typer.Option(help="Directory whose frames requests may name.")] = None,
) -> None:
    """Serves the REST interface; every setting can also come from a WAYMEND_LLM_... variable."""
    given: dict[str, Any] = {
        "bundle_dir": bundle,
        "host": host,
        "port": port,
        "perception_target": perception,
        "frames_root": frames_root,
    }
    try:
        settings = LlmSettings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        print(error, file=sys.stderr)
        sys.exit(1)
    sys.exit(_run(settings))


def _run(settings: LlmSettings) -> int:
    # Heavy imports wait until here, so that --help answers at once.
    import uvicorn

    from llm_service.app import create_app
    from llm_service.checkpoint import CheckpointError, check_checkpoint
    from waymend.bundle import BundleError, open_bundle
    from waymend.logs import configure_logging

    configure_logging(settings.log_format)
    try:
        bundle = open_bundle(settings.bundle_dir, halves=("llm",))
        check_checkpoint(bundle.llm_directory)
    except (BundleError, CheckpointError) as error:
        print(error, file=sys.stderr)
        return 1
    config = uvicorn.Config(
        create_app(settings, bundle),
        host=settings.host,
        port=settings.port,
        log_level="warning",
        timeout_graceful_shutdown=10,
    )
    server = uvicorn.Server(config)
    # Once it has stopped in order, uvicorn raises the signal again; an orderly stop is a success.
    signal.signal(signal.SIGTERM, lambda *_: None)
    server.run()
    return 0 if server.started else 1
