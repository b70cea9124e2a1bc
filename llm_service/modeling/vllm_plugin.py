"""Entry point of `vllm.general_plugins`; vLLM calls it in each of its processes."""

import atexit
import ctypes
import gc
import multiprocessing
import os
import signal
import sys

ARCHITECTURE = "TrajectoryLlamaForCausalLM"
_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def register() -> None:
    """Make the model known to transformers and vLLM; in an engine process, also see to its orderly end."""
    from vllm import ModelRegistry

    from llm_service.modeling.configuration import register_config

    register_config()
    if ARCHITECTURE not in ModelRegistry.get_supported_archs():
        ModelRegistry.register_model(ARCHITECTURE, f"llm_service.modeling.vllm_model:{ARCHITECTURE}")
    if multiprocessing.current_process().name.startswith("EngineCore"):
        leave_process_group()
        # Python would else search its whole heap for cycles as it exits: seconds of an orderly stop.
        atexit.register(gc.freeze)


def leave_process_group() -> None:
    """Move this process out of the terminal's reach: only the service decides when its engine ends.

    Ctrl-C signals the whole foreground group, and vLLM's engine process would drop its requests at once. In a group
    of its own it lives until the service has drained them and shuts it down. Should the service die without that, the
    kernel ends the engine (Linux only).
    """
    if os.getpgrp() != os.getpid():
        os.setpgid(0, 0)
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
