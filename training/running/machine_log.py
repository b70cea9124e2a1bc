"""Throughput and memory, for the log."""

import resource
import time

import torch

_BYTES_PER_MB = 1e6
_RSS_UNIT_BYTES = 1024
"""Linux counts the largest resident set in kibibytes (getrusage(2))."""


def peak_memory_mb() -> float:
    """Most memory that was held so far, megabytes: on the GPU where there is one, else of this process."""
    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated() / _BYTES_PER_MB
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _RSS_UNIT_BYTES / _BYTES_PER_MB


class Throughput:
    """Samples per second between log lines; a pause after a line, for evaluation and saving, does not count."""

    def __init__(self) -> None:
        self._began_s: float | None = None
        self._samples = 0

    def step(self, samples: int) -> None:
        """Begins a step of so many samples, over all ranks."""
        if self._began_s is None:
            self._began_s = time.perf_counter()
        self._samples += samples

    def drain(self) -> dict[str, float]:
        """`samples_per_second` since the first step after the last call."""
        if self._began_s is None:
            return {}
        rate = self._samples / max(time.perf_counter() - self._began_s, 1e-9)
        self._began_s, self._samples = None, 0
        return {"samples_per_second": rate}
