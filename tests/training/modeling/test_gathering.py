"""Two processes compute the losses and gradients of one."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tests.training.modeling.contrastive_rank import RANKS, losses_and_gradients
from training.modeling.gathering import gathered_rows

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def by_rank(tmp_path_factory):
    directory = tmp_path_factory.mktemp("ranks")
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = str(listener.getsockname()[1])
    module = "tests.training.modeling.contrastive_rank"
    arguments = [[sys.executable, "-m", module, str(rank), port, str(directory)] for rank in range(len(RANKS))]
    processes = [subprocess.Popen(argument, cwd=ROOT) for argument in arguments]
    assert [process.wait(60) for process in processes] == [0, 0]
    return [torch.load(directory / f"{rank}.pt") for rank in range(len(RANKS))]


def test_every_rank_has_the_loss_of_all_samples(by_rank):
    expected, _ = losses_and_gradients(slice(None))
    assert list(expected) == ["align", "bev_text", "bev_vector"]
    for result in by_rank:
        assert result["losses"] == pytest.approx(expected, rel=1e-5)


def test_the_mean_gradient_over_ranks_is_that_of_one_process(by_rank):
    _, expected = losses_and_gradients(slice(None))
    for result in by_rank:
        assert result["gradients"].keys() == expected.keys()
        for name, gradient in expected.items():
            torch.testing.assert_close(result["gradients"][name], gradient, rtol=1e-4, atol=1e-6, msg=name)


def test_alone_the_rows_are_what_they_are():
    rows = torch.randn(3, 2)
    assert gathered_rows(rows) is rows
