"""Weight files and the index over them."""

import json

import pytest
import torch
from safetensors.torch import load_file

from llm_service.checkpoint import INDEX_FILE
from llm_service.modeling.weight_files import (
    BASE_FILE,
    EMBEDDING_APART,
    EMBEDDING_NAME,
    read_tensors,
    stored_names,
    write_weights,
)

TENSORS = {
    EMBEDDING_NAME: torch.randn(4, 2),
    "model.norm.weight": torch.randn(2).bfloat16(),
    "projectors.bev.inner.weight": torch.randn(2, 3),
    "trajectory_head.output.bias": torch.randn(5),
}


def index_of(directory) -> dict:
    return json.loads((directory / INDEX_FILE).read_text())


def test_each_part_has_its_file_and_the_index_knows_it(tmp_path):
    write_weights(tmp_path, TENSORS)
    assert index_of(tmp_path)["weight_map"] == {
        EMBEDDING_NAME: BASE_FILE,
        "model.norm.weight": BASE_FILE,
        "projectors.bev.inner.weight": "projectors.safetensors",
        "trajectory_head.output.bias": "trajectory_head.safetensors",
    }
    assert index_of(tmp_path)["metadata"] == {"total_size": 4 * 8 + 2 * 2 + 4 * 6 + 4 * 5}


def test_without_a_dtype_every_tensor_keeps_its_own(tmp_path):
    write_weights(tmp_path, TENSORS)
    for name, tensor in read_tensors(tmp_path, "").items():
        assert tensor.dtype == TENSORS[name].dtype
        assert torch.equal(tensor, TENSORS[name])


def test_with_a_dtype_only_the_head_stays_in_float32(tmp_path):
    write_weights(tmp_path, TENSORS, torch.float16)
    dtypes = {name: tensor.dtype for name, tensor in read_tensors(tmp_path, "").items()}
    assert dtypes.pop("trajectory_head.output.bias") == torch.float32
    assert set(dtypes.values()) == {torch.float16}


def test_a_file_that_was_there_is_indexed_with_the_rest(tmp_path):
    write_weights(tmp_path, {"model.norm.weight": torch.ones(2)})
    write_weights(tmp_path, {EMBEDDING_NAME: torch.ones(4, 2)}, files=EMBEDDING_APART)
    assert stored_names(tmp_path / BASE_FILE) == {"model.norm.weight"}
    assert list(load_file(tmp_path / "embeddings.safetensors")) == [EMBEDDING_NAME]
    assert set(index_of(tmp_path)["weight_map"]) == {"model.norm.weight", EMBEDDING_NAME}
    assert index_of(tmp_path)["metadata"]["total_size"] == 8 + 32


@pytest.mark.parametrize("prefix", ["projectors.", "model."])
def test_only_tensors_with_the_prefix_are_read(tmp_path, prefix):
    write_weights(tmp_path, TENSORS)
    assert set(read_tensors(tmp_path, prefix)) == {name for name in TENSORS if name.startswith(prefix)}
