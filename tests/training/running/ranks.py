"""Runs a recipe in several processes that talk through gloo, as torchrun would start them."""

import os
import socket
import subprocess
import sys
from pathlib import Path

_PROGRAM = """
import sys
from pathlib import Path
import torch
torch.set_num_threads(1)
from training.recipe.reading import read_recipe
from training.running.train import train
train(read_recipe(Path(sys.argv[1])))
"""


def train_in_ranks(recipe: Path, ranks: int, seconds: float = 240) -> None:
    """Trains in so many processes; the recipe's file says where to.

    Raises:
        RuntimeError: One of them failed; the message has its last words.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    shared = {**os.environ, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": str(ranks)}
    shared |= {"OMP_NUM_THREADS": "1", "LOCAL_WORLD_SIZE": str(ranks)}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, str(recipe)],
            env={**shared, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(ranks)
    ]
    try:
        for process in processes:
            _, words = process.communicate(timeout=seconds)
            if process.returncode:
                raise RuntimeError(words[-2000:])
    finally:
        for process in processes:
            process.kill()
