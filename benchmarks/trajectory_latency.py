"""REST against the bare engine and against waypoints as text: the same scenes, interleaved rounds in one run.

Every request brings a scene and a proposal that the engine has not seen, as one drive after another would.
"""

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import uvicorn

from benchmarks.table import Figure, percentile_ms
from benchmarks.text_baseline import TextBaseline
from benchmarks.workload import EGO_STATE, SESSIONS, proposal, session_name
from llm_service.app import create_app
from llm_service.correction.corrector import CorrectionTask
from llm_service.prompt import CorrectionPrompt
from llm_service.service import LlmService
from llm_service.settings import LlmSettings
from perception_service.client import Embedding
from training.serving.stack import free_port
from waymend.bundle import open_bundle

_ROUNDS = 6
_REQUESTS = {1: 48, 16: 192}
_TEXT_RATIO = 8.0
_KV_CACHE_BYTES = 12 << 20
"""Room for the requests of 16 clients and little more; far fewer than the sessions that take turns."""


async def measure(bundle: Path, embedding: Embedding) -> list[Figure]:
    """Trajectory latency at 1 client and throughput at 16."""
    port = free_port()
    # Nobody answers at the perception address: the embedding is in hand.
    settings = LlmSettings(
        bundle_dir=bundle,
        port=port,
        perception_target=f"127.0.0.1:{free_port()}",
        max_embedding_age_ms=3.6e6,
        max_sessions=SESSIONS,
        session_idle_s=3600.0,
        kv_cache_bytes=_KV_CACHE_BYTES,
    )
    app = create_app(settings, open_bundle(bundle))
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning"))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.1)
    service: LlmService = app.state.service
    for index in range(SESSIONS):
        service.sessions.open(session_name(index)).offer(embedding)
    seeds = _Seeds()
    text = TextBaseline(bundle / "llm", embedding)
    cached_before = service.engine.usage.cached_prompt_tokens
    try:
        figures = []
        for clients, requests in _REQUESTS.items():
            await _engine_round(service, clients, requests // 4, seeds.take(requests // 4))
            engine_s: list[float] = []
            rest_s: list[float] = []
            rates: list[tuple[float, float]] = []
            for _ in range(_ROUNDS):
                durations, engine_rate = await _engine_round(service, clients, requests, seeds.take(requests))
                engine_s += durations
                durations, rest_rate = await _rest_round(port, clients, requests, seeds.take(requests))
                rest_s += durations
                rates.append((rest_rate, engine_rate))
                if clients == 1:
                    text.run_round(seeds.take(0))
            figures += _latency(engine_s, rest_s, text) if clients == 1 else _throughput(rates, clients)
        cached = service.engine.usage.cached_prompt_tokens - cached_before
        return [*figures, Figure("prompt tokens that came from the prefix cache", str(cached), "0", cached == 0)]
    finally:
        server.should_exit = True
        await serving


class _Seeds:
    """Numbers requests one after another over all rounds, so that a session's turn comes as seldom as it can."""

    def __init__(self) -> None:
        self._next = 0

    def take(self, count: int) -> int:
        """The first of `count` new numbers."""
        first, self._next = self._next, self._next + count
        return first


async def _engine_round(service: LlmService, clients: int, requests: int, first_seed: int) -> tuple[list[float], float]:
    """Durations and requests/s of bare predictions; their prompts are built beforehand."""
    work = [_prompt(service, first_seed + seed) for seed in range(requests)]
    durations_s: list[float] = []

    async def client(number: int) -> None:
        for prompt, scene_uuid in work[number::clients]:
            started = time.perf_counter()
            await service.engine.predict(prompt, scene_uuid)
            durations_s.append(time.perf_counter() - started)

    started = time.perf_counter()
    await asyncio.gather(*(client(number) for number in range(clients)))
    return durations_s, len(durations_s) / (time.perf_counter() - started)


def _prompt(service: LlmService, seed: int) -> tuple[CorrectionPrompt, str]:
    scene = service.sessions.get(session_name(seed)).newest
    assert scene is not None
    task = CorrectionTask(proposal(seed), EGO_STATE, "straight")
    return service.corrector.prompt(scene, task), scene.uuid


async def _rest_round(port: int, clients: int, requests: int, first_seed: int) -> tuple[list[float], float]:
    """Durations and requests/s through REST, seen by clients in another process."""
    command = ("-m", "benchmarks.load", f"http://127.0.0.1:{port}", str(clients), str(requests), str(first_seed))
    process = await asyncio.create_subprocess_exec(sys.executable, *command, stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"the load generator ended with code {process.returncode}")
    result = json.loads(output)
    return result["seconds"], len(result["seconds"]) / result["wall_s"]


def _latency(engine_s: Sequence[float], rest_s: Sequence[float], text: TextBaseline) -> list[Figure]:
    engine_ms, rest_ms = percentile_ms(engine_s), percentile_ms(rest_s)
    ratio = text.p50_ms / rest_ms
    cost_ms = rest_ms - engine_ms
    return [
        Figure("engine alone, 1 client: trajectory p50", f"{engine_ms:.1f} ms"),
        Figure("REST, 1 client: trajectory p50 (p95)", f"{rest_ms:.1f} ms ({percentile_ms(rest_s, 95):.1f} ms)"),
        Figure("cost of REST over the engine, p50", f"{cost_ms:.1f} ms", "<= 8 ms", cost_ms <= 8.0),
        Figure(f"transformers writing them in {text.answer_tokens} tokens: p50", f"{text.p50_ms:.1f} ms"),
        Figure("text over REST", f"{ratio:.1f}", ">= 8", ratio >= _TEXT_RATIO),
    ]


def _throughput(rates: Sequence[tuple[float, float]], clients: int) -> list[Figure]:
    ratios = sorted(rest / engine for rest, engine in rates)
    ratio = ratios[len(ratios) // 2]
    rest, engine = (sorted(values)[len(values) // 2] for values in zip(*rates, strict=True))
    return [
        Figure(f"engine alone, {clients} clients", f"{engine:.1f} requests/s"),
        Figure(f"REST, {clients} clients", f"{rest:.1f} requests/s"),
        Figure("REST throughput over the engine's, median round", f"{ratio:.0%}", ">= 85 %", ratio >= 0.85),
    ]
