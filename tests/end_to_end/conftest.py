"""Both services as real processes, started once."""

from pathlib import Path

import httpx
import pytest

from demo.built_in_drive import BUILT_IN_DRIVE, drive_frames
from training.serving.stack import StackPlan, local_stack
from waymend.frames import read_frame_directory

REPOSITORY = Path(__file__).parents[2]
BUNDLE = REPOSITORY / "bundles/tiny"
MAX_SESSIONS = 8


@pytest.fixture(scope="session")
def stack(tmp_path_factory):
    plan = StackPlan(
        bundle=BUNDLE,
        logs=tmp_path_factory.mktemp("logs"),
        frames_root=BUILT_IN_DRIVE,
        environment={
            "WAYMEND_LLM_MAX_SESSIONS": str(MAX_SESSIONS),
            "WAYMEND_LLM_MAX_EMBEDDING_AGE_MS": "3000",
            "WAYMEND_LLM_MAX_BODY_BYTES": str(16 << 20),
        },
    )
    with local_stack(plan) as running:
        yield running


@pytest.fixture(scope="session")
def rest(stack):
    with httpx.Client(base_url=stack.rest_url, timeout=60.0) as client:
        yield client


@pytest.fixture(scope="session")
def drive():
    return [read_frame_directory(path) for path in drive_frames()]
