"""One engine on the tiny bundle, and the built-in drive's first frame."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rich.console import Console

from training.chatting.chat_scene import ChatScene, scene_of_frame
from training.chatting.conversation import converse
from training.chatting.local_answerer import LocalAnswerer, local_answerer
from training.chatting.terminal import Terminal
from waymend.trajectory import Horizon

REPOSITORY = Path(__file__).parents[3]
BUNDLE = REPOSITORY / "bundles/tiny"
FRAME = REPOSITORY / "demo/drive/000"
MAX_NEW_TOKENS = 8


@pytest.fixture(scope="package")
def answerer() -> Iterator[LocalAnswerer]:
    with local_answerer(BUNDLE, MAX_NEW_TOKENS) as started:
        yield started


@pytest.fixture(scope="package")
def scene() -> ChatScene:
    return scene_of_frame(FRAME, Horizon(), "straight")


@pytest.fixture
def chat(scene, answerer) -> Callable[..., str]:
    """What is shown to a user who types some lines."""

    def shown(*lines: str) -> str:
        output = io.StringIO()
        typed = io.StringIO("".join(f"{line}\n" for line in lines))
        converse(scene, answerer, Terminal(Console(file=output, width=120), typed))
        return output.getvalue()

    return shown
