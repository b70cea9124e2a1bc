"""Both services as processes on loopback."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

_START_LIMIT_S = 300.0
_STOP_LIMIT_S = 20.0
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
        perception = _start("perception_service", _perception_command(plan, perception_port), plan)
        started.append(perception)
        llm = _start("llm_service", _llm_command(plan, rest_port, target), plan)
        started.append(llm)
        _wait_until_ready(url, {"perception_service": perception, "llm_service": llm}, plan.logs, progress)
        yield RunningStack(url, target, perception, llm)
    finally:
        progress("stopping both services")
        _stop(started)


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
    # A process group of its own: Ctrl-C reaches only us, and we stop the services in order.
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


def _stop(processes: list[subprocess.Popen[bytes]]) -> None:
    for process in reversed(processes):
        process.terminate()
    deadline = time.monotonic() + _STOP_LIMIT_S
    for process in processes:
        try:
            process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _tail(log: Path, lines: int = 25) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
