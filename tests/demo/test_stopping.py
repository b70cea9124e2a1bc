"""However the demo ends, both services end with it, and it says so without a traceback."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

REPOSITORY = Path(__file__).parents[2]
LIMIT_S = 300.0
# A shell calls both 130. CPython ends by the signal itself where Ctrl-C met `exec`, as in the making of a dataclass.
INTERRUPTED = (130, -signal.SIGINT)


class Demo:
    """`python -m demo` as a terminal runs it: in a process group of its own, which Ctrl-C signals as a whole."""

    def __init__(self, directory, *arguments):
        self.out = directory / "out"
        self._printed = directory / "printed.txt"
        self._seen = set()
        with self._printed.open("wb") as printed:
            self.process = subprocess.Popen(
                ["env", "--default-signal=INT", sys.executable, "-m", "demo", "--out", self.out, *arguments],
                stdout=printed,
                stderr=subprocess.STDOUT,
                cwd=REPOSITORY,
                env={**os.environ, "COLUMNS": "1000"},
                start_new_session=True,
            )

    def press_ctrl_c(self):
        os.killpg(self.process.pid, signal.SIGINT)

    def wait_for(self, stage):
        self._wait_until(lambda: stage(self) or self._has_ended())
        assert not self._has_ended(), self.printed()

    def exit_code(self):
        self._wait_until(self._has_ended)
        return self.process.returncode

    def printed(self):
        return self._printed.read_text()

    def descendants(self):
        """Those that run; also after the demo has ended, if they were seen before."""
        if not self._has_ended():
            self._seen.update(psutil.Process(self.process.pid).children(recursive=True))
        return [process for process in self._seen if runs(process)]

    def _has_ended(self):
        return self.process.poll() is not None

    def _wait_until(self, holds):
        deadline = time.monotonic() + LIMIT_S
        while not holds():
            assert time.monotonic() < deadline, self.printed()
            self.descendants()
            time.sleep(0.05)


def runs(process):
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.fixture
def start(tmp_path):
    """Starts a demo; nothing of it outlives the test."""
    demos = []

    def start(*arguments):
        demos.append(Demo(tmp_path, *arguments))
        return demos[-1]

    yield start
    for demo in demos:
        left = demo.descendants()
        demo.process.kill()
        demo.process.wait()
        for process in left:
            process.kill()


def both_services_run(demo):
    return len(demo.descendants()) >= 2


def the_engine_starts(demo):
    return any("multiprocessing.spawn" in " ".join(command_line(process)) for process in demo.descendants())


def command_line(process):
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:
        return []


def the_first_picture_is_there(demo):
    return (demo.out / "correction-1.png").exists()


def assert_stopped(demo):
    assert demo.exit_code() in INTERRUPTED, demo.printed()
    assert demo.descendants() == []
    assert "both services are down" in demo.printed()
    assert "Traceback" not in demo.printed()


@pytest.mark.parametrize("stage", [both_services_run, the_first_picture_is_there])
def test_ctrl_c_stops_both_services(start, stage):
    demo = start()
    demo.wait_for(stage)
    demo.press_ctrl_c()
    assert_stopped(demo)


def test_ctrl_c_again_and_again_leaves_nothing_behind(start):
    demo = start()
    demo.wait_for(the_engine_starts)
    while demo.process.poll() is None:
        demo.press_ctrl_c()
        demo.descendants()
        time.sleep(0.05)
    assert_stopped(demo)


def test_a_service_that_cannot_start_ends_the_other(start, tmp_path):
    bundle = tmp_path / "altered"
    shutil.copytree(REPOSITORY / "bundles/tiny", bundle)
    weights = bundle / "perception/model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    assert_failed(start("--bundle", bundle), f"{weights}: altered: expected SHA-256")


def test_a_bundle_that_is_not_there_is_named_as_it_was_given(start, tmp_path):
    bundle = tmp_path / "no[/bundle]"
    assert_failed(start("--bundle", bundle), f"{bundle}/manifest.json: expected a bundle's manifest")


def assert_failed(demo, reason):
    assert demo.exit_code() == 1
    assert demo.descendants() == []
    assert "The demo failed: " in demo.printed()
    assert reason in demo.printed()
    assert "Traceback" not in demo.printed()
