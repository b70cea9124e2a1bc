"""Strict checks of a checkpoint before the engine starts."""

import json
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file

from llm_service.checkpoint import INDEX_FILE, CheckpointError, check_checkpoint
from waymend.bundle import BundleError


@pytest.fixture
def llm(tiny_llm, tmp_path):
    return shutil.copytree(tiny_llm, tmp_path / "llm")


def change(llm, file, edit) -> None:
    """Applies `edit` to the tensors of a file and indexes what is then in it."""
    tensors = load_file(llm / file)
    edit(tensors)
    save_file(tensors, llm / file)
    index = json.loads((llm / INDEX_FILE).read_text())
    kept = {name: where for name, where in index["weight_map"].items() if where != file}
    index["weight_map"] = kept | dict.fromkeys(tensors, file)
    (llm / INDEX_FILE).write_text(json.dumps(index))


def test_a_whole_checkpoint_passes(llm):
    check_checkpoint(llm)


def test_a_missing_tensor_is_named(llm):
    change(llm, "trajectory_head.safetensors", lambda tensors: tensors.pop("trajectory_head.output.bias"))
    with pytest.raises(CheckpointError, match=r"missing tensors \['trajectory_head.output.bias'\]"):
        check_checkpoint(llm)


def test_an_unexpected_tensor_is_named(llm):
    change(llm, "projectors.safetensors", lambda tensors: tensors.update({"projectors.radar": torch.zeros(1)}))
    with pytest.raises(CheckpointError, match=r"unexpected tensors \['projectors.radar'\]"):
        check_checkpoint(llm)


def test_a_wrong_shape_is_named_with_both_shapes(llm):
    name = "projectors.plan.inner.weight"
    change(llm, "projectors.safetensors", lambda tensors: tensors.update({name: torch.zeros(512, 77)}))
    with pytest.raises(CheckpointError, match=rf"{name}: expected shape \[512, 78\], found \[512, 77\]"):
        check_checkpoint(llm)


def test_a_tensor_outside_the_index_is_refused(llm):
    save_file({"stray": torch.zeros(1)}, llm / "stray.safetensors")
    with pytest.raises(CheckpointError, match="stray is not indexed"):
        check_checkpoint(llm)


def test_an_index_that_promises_too_much_is_refused(llm):
    index = json.loads((llm / INDEX_FILE).read_text())
    index["weight_map"]["model.layers.9.mlp.up_proj.weight"] = "base_model.safetensors"
    (llm / INDEX_FILE).write_text(json.dumps(index))
    with pytest.raises(CheckpointError, match=r"in no file: \['model.layers.9"):
        check_checkpoint(llm)


@pytest.mark.parametrize("file", ["projectors.safetensors", INDEX_FILE])
def test_a_missing_or_truncated_file_is_a_bundle_error_that_names_it(llm, file):
    (llm / file).write_bytes((llm / file).read_bytes()[:-20])
    with pytest.raises(BundleError, match=file):
        check_checkpoint(llm)
    (llm / file).unlink()
    with pytest.raises(BundleError, match=file):
        check_checkpoint(llm)
