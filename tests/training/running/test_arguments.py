"""transformers' arguments of a run."""

import pytest
from transformers import TrainingArguments

from training.running.arguments import keep_to_one_gpu


def of_gpus(gpus: int, directory: str) -> TrainingArguments:
    """As transformers makes them where one process sees so many."""
    arguments = TrainingArguments(output_dir=directory, per_device_train_batch_size=2)
    arguments._n_gpu = gpus
    return arguments


def test_a_process_with_several_gpus_keeps_to_one_and_says_how_to_use_all(tmp_path):
    arguments = of_gpus(4, str(tmp_path))
    assert arguments.train_batch_size == 8
    (note,) = keep_to_one_gpu(arguments)
    assert "one of 4 GPUs is used" in note
    assert "torchrun --nproc_per_node=4" in note
    assert (arguments.n_gpu, arguments.train_batch_size) == (1, 2)


@pytest.mark.parametrize("gpus", [0, 1])
def test_a_process_without_several_is_left_as_it_is(tmp_path, gpus):
    arguments = of_gpus(gpus, str(tmp_path))
    assert keep_to_one_gpu(arguments) == []
    assert arguments.n_gpu == gpus
