"""Both services as processes on loopback."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil

from training.serving.interruptions import interruptions_held

_START_LIMIT_S = 300.0
_STOP_LIMIT_S = 20.0
_KILL_LIMIT_S = 10.0
_POLL_S = 0.25


class StackFailed(Exception):
    """A service did not start; the message holds the end of its log."""


@dataclass(frozen=True, slots=True)
class StackPlan:
    """What to start, and where. Port 0 picks a free one; `environment` adds settings of either service."""

    bundle: Path
    logs: Path
    frames_root: Path | None = None
    perception_port: int = 0
    rest_port: int = 0
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RunningStack:
    """Addresses of two services that are ready."""

    rest_url: str
    perception_target: str
    perception: subprocess.Popen[bytes]
    llm: subprocess.Popen[bytes]


@contextmanager
def local_stack(plan: StackPlan, progress: Callable[[str], None] = lambda _: None) -> Generator[RunningStack]:
    """Starts both services, waits until they are ready, and stops them however the block ends.

    Args:
        plan: What to start.
        progress: Told, in a few words, what is being waited for.

    Raises:
        StackFailed: A service ended or was not ready in time.
    """
    plan.logs.mkdir(parents=True, exist_ok=True)
    perception_port = plan.perception_port or free_port()
    rest_port = plan.rest_port or free_port()
    target, url = f"127.0.0.1:{perception_port}", f"http://127.0.0.1:{rest_port}"
    started: list[subprocess.Popen[bytes]] = []
    try:
        progress("perception_service: loading BEVFusion and the encoders")
        with interruptions_held():
            started.append(_start("perception_service", _perception_command(plan, perception_port), plan))
            started.append(_start("llm_service", _llm_command(plan, rest_port, target), plan))
        perception, llm = started
        _wait_until_ready(url, {"perception_service": perception, "llm_service": llm}, plan.logs, progress)
        yield RunningStack(url, target, perception, llm)
    finally:
        _stop(started, progress)


def free_port() -> int:
    """A TCP port that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _perception_command(plan: StackPlan, port: int) -> list[str]:
    return ["perception_service", "serve", "--bundle", str(plan.bundle), "--port", str(port)]


def _llm_command(plan: StackPlan, port: int, perception_target: str) -> list[str]:
    command = ["llm_service", "serve", "--bundle", str(plan.bundle), "--port", str(port)]
    command += ["--perception", perception_target]
    return command if plan.frames_root is None else [*command, "--frames-root", str(plan.frames_root)]


def _start(name: str, command: list[str], plan: StackPlan) -> subprocess.Popen[bytes]:
    # A session of its own: Ctrl-C reaches only us, and `_stop` finds all that the service has started.
    with (plan.logs / f"{name}.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", *command],
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, **plan.environment},
        )


def _wait_until_ready(
    url: str, processes: dict[str, subprocess.Popen[bytes]], logs: Path, progress: Callable[[str], None]
) -> None:
    waiting_since = time.monotonic()
    while True:
        for name, process in processes.items():
            if process.poll() is not None:
                raise StackFailed(f"{name} ended with code {process.returncode}\n{_tail(logs / f'{name}.log')}")
        waited_s = time.monotonic() - waiting_since
        if waited_s > _START_LIMIT_S:
            raise StackFailed(f"not ready after {waited_s:.0f} s\n{_tail(logs / 'llm_service.log')}")
        state = _readiness(url)
        if state == "ready":
            return
        progress(f"{state} ({waited_s:.0f} s)")
        time.sleep(_POLL_S)


def _readiness(url: str) -> str:
    try:
        answer = httpx.get(f"{url}/readyz", timeout=5.0).json()
    except httpx.HTTPError:
        return "llm_service: starting the vLLM engine"
    if answer["ready"]:
        return "ready"
    return f"waiting for perception_service {answer['detail']}".strip()


def _stop(services: Sequence[subprocess.Popen[bytes]], progress: Callable[[str], None]) -> None:
    """Asks the services to end, the last first; kills what is left of them at the limit or at another Ctrl-C."""
    with interruptions_held() as interruptions:
        progress("stopping both services; Ctrl-C again kills them")
        for service in reversed(services):
            service.terminate()
        deadline = time.monotonic() + _STOP_LIMIT_S
        while _running(services) and not interruptions and time.monotonic() < deadline:
            time.sleep(_POLL_S)
        deadline = time.monotonic() + _KILL_LIMIT_S
        while (left := _running(services)) and time.monotonic() < deadline:
            for process in left:
                with suppress(psutil.NoSuchProcess):
                    process.kill()
            time.sleep(_POLL_S)
        for service in services:
            service.poll()


def _running(services: Sequence[subprocess.Popen[bytes]]) -> list[psutil.Process]:
    """The services and all that they have started, such as vLLM's engine."""
    sessions = {service.pid for service in services}
    return [process for process in psutil.process_iter() if _runs_in(process, sessions)]


def _runs_in(process: psutil.Process, sessions: set[int]) -> bool:
    try:
        return os.getsid(process.pid) in sessions and process.status() != psutil.STATUS_ZOMBIE
    except (ProcessLookupError, psutil.NoSuchProcess):
        return False


def _tail(log: Path, lines: int = 25) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
