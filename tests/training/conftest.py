"""What all tests of training share."""

import pytest
import torch


@pytest.fixture(scope="package", autouse=True)
def one_thread():
    """Small models are slower on contended threads, and equal to the bit only with equal threads."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
