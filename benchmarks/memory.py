"""Resident memory of both services, idle and after 200 requests."""

import httpx
import psutil

from benchmarks.table import Figure
from benchmarks.workload import EGO_STATE, proposal
from training.serving.stack import RunningStack

_REQUESTS = 200
_LARGEST_GROWTH = 0.05


def measure(stack: RunningStack, frame_paths: list[str]) -> list[Figure]:
    """Sends whole corrections (frame, trajectory, explanation) and compares memory before and after."""
    pids = {"perception_service": stack.perception.pid, "llm_service": stack.llm.pid}
    idle = {name: resident_mib(pid) for name, pid in pids.items()}
    with httpx.Client(base_url=stack.rest_url, timeout=120.0) as rest:
        for number in range(_REQUESTS):
            _correct(rest, frame_paths[number % len(frame_paths)], number)
    figures = []
    for name, pid in pids.items():
        after = resident_mib(pid)
        growth = after / idle[name] - 1.0
        text = f"{idle[name]:.0f} MiB, {after:.0f} MiB ({growth:+.1%})"
        title = f"{name}: resident idle, after {_REQUESTS} requests"
        figures.append(Figure(title, text, "< 5 % growth", growth < _LARGEST_GROWTH))
    return figures


def resident_mib(pid: int) -> float:
    """Resident memory of a process and its children, MiB."""
    parent = psutil.Process(pid)
    return sum(process.memory_info().rss for process in (parent, *parent.children(recursive=True))) / 2**20


def _correct(rest: httpx.Client, frame_path: str, seed: int) -> None:
    request = {
        "scene": {"kind": "server_frame", "path": frame_path},
        "proposal": {"waypoints_ego_m": proposal(seed).tolist(), "step_s": 0.5},
        "ego_state": {"speed_mps": EGO_STATE.speed_mps},
    }
    rest.post("/v1/trajectories/correct", json=request).raise_for_status()
