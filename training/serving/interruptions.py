"""Ctrl-C and SIGTERM, put off where they would leave processes behind."""

import signal
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def interruptions_held() -> Generator[list[int]]:
    """Holds SIGINT and SIGTERM back; the list fills with those that come, and the first is raised after the block."""
    came: list[int] = []
    handlers = {
        number: signal.signal(number, lambda number, _: came.append(number))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield came
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        if came:
            signal.raise_signal(came[0])
