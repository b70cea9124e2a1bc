"""What was evaluated, with what and when, so that anybody can do it again."""

import platform
from collections import Counter
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import psutil
import torch

from training.evaluating.assessment import EGO, LIMITS
from training.evaluating.case import CaseSet
from training.evaluating.settings import EvaluationSettings
from training.machine import processors
from waymend.bundle import Bundle

_TOKENS_LISTED = 20
_LIBRARIES = ("torch", "transformers", "numpy")


def protocol_tree(settings: EvaluationSettings, bundle: Bundle, chosen: CaseSet) -> dict[str, Any]:
    """The `protocol` branch of `metrics.json`."""
    cases = chosen.cases
    return {
        "command": settings.command,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "bundle": _bundle(bundle),
        "path": "offline" if settings.offline else f"served at {settings.url}" if settings.url else "served",
        "data": str(settings.data),
        "splits": list(chosen.splits),
        "proposals": None if settings.proposals is None else str(settings.proposals),
        "given_tokens": chosen.given_tokens,
        "missing_tokens": len(chosen.missing_tokens),
        "keyframes_without_proposal": chosen.keyframes_without_proposal,
        "missing_tokens_listed": list(chosen.missing_tokens[:_TOKENS_LISTED]),
        "cases": len(cases),
        "keyframes": len(chosen.keyframes),
        "scenes": len({case.keyframe.scene_name for case in cases}),
        "cases_by_kind": dict(Counter(case.kind for case in cases)),
        "cases_by_split": dict(Counter(case.split for case in cases)),
        "limit": settings.limit,
        "seed": settings.seed,
        "explanations_asked": min(settings.explanations, len(cases)),
        "control_networks": None if settings.control_networks is None else str(settings.control_networks),
        "control_data": str(settings.control_data or settings.data) if settings.control_networks is None else None,
        "ego_vehicle": EGO.model_dump(),
        "limits": LIMITS.model_dump(),
        "hardware": _hardware(),
        "software": {"python": platform.python_version(), **{name: version(name) for name in _LIBRARIES}},
    }


def _bundle(bundle: Bundle) -> dict[str, Any]:
    manifest = bundle.manifest
    return {
        "directory": str(bundle.directory),
        "name": manifest.name,
        "version": manifest.version,
        "trained": manifest.trained,
        "contract_id": manifest.contract_id,
        "manifest_sha256": bundle.manifest_sha256,
    }


def _hardware() -> dict[str, Any]:
    return {
        "machine": platform.machine(),
        "processor": processors()[0] or "unknown",
        "cpus": psutil.cpu_count(),
        "torch_threads": torch.get_num_threads(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
    }
