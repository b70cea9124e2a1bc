"""`dataset_info.json`, by which LLaMA-Factory finds the conversations."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from training.data.samples.shards import CONVERSATIONS

DATASET_NAME = "nuscenes_trajectory"


def write_dataset_info(directory: Path, splits: Iterable[str]) -> None:
    """Registers the training split as `nuscenes_trajectory` and each other as `nuscenes_trajectory_<split>`.

    LLaMA-Factory reads every file of the folder that `file_name` names, so each split has a folder of its own.
    """
    entries = {DATASET_NAME if split == "train" else f"{DATASET_NAME}_{split}": _entry(split) for split in splits}
    (directory / "dataset_info.json").write_text(json.dumps(entries, indent=2) + "\n")


def _entry(split: str) -> dict[str, Any]:
    return {
        "hf_hub_url": None,
        "ms_hub_url": None,
        "file_name": f"{CONVERSATIONS}/{split}",
        "formatting": "sharegpt",
        "columns": {"messages": "conversation", "system": "system", "tools": "tools"},
        "tags": {
            "role_tag": "role",
            "content_tag": "content",
            "user_tag": "user",
            "assistant_tag": "assistant",
            "system_tag": "system",
            "function_tag": "function",
            "observation_tag": "observation",
        },
        "multimodal": True,
    }
