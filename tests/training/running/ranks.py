"""Runs a recipe in several processes that talk through gloo, as a user does with torchrun."""

import os
import subprocess
import sys
from pathlib import Path


def train_in_ranks(recipe: Path, ranks: int, seconds: float = 240) -> None:
    """Trains in so many processes of one thread; the recipe's file says where to.

    Raises:
        RuntimeError: One of them failed; the message has its last words.
    """
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", str(ranks)]
    finished = subprocess.run(
        [*torchrun, "-m", "training", "train", str(recipe)],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    if finished.returncode:
        raise RuntimeError(finished.stderr[-2000:])
