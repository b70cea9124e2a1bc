"""A stage becomes a bundle that answers as the stage does."""

import json
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file

from llm_service.checkpoint import CheckpointError
from llm_service.modeling.configuration import TrajectoryLlamaConfig
from llm_service.modeling.heads import UNIT_MPS
from llm_service.modeling.weight_files import EMBEDDING_NAME, read_tensors
from perception_service.bundle import load_pipeline
from tests.training.exporting.conftest import STEPS, train
from training.exporting.comparison import largest_difference_m
from training.exporting.export import export_bundle
from training.modeling.stage_checkpoint import save_stage
from waymend.bundle import open_bundle
from waymend.errors import InvalidField


def test_the_bundle_opens_and_says_what_it_is(merged):
    manifest = open_bundle(merged).manifest
    assert (manifest.name, manifest.version, manifest.trained) == ("mine", "1.0", True)
    assert manifest.base_model.name == "tests/pretrained"
    assert manifest.contract.trajectory_horizon.waypoints == 6
    assert {path.partition("/")[0] for path in manifest.files} == {"MODEL_CARD.md", "llm", "perception"}
    load_pipeline(merged)


def test_a_merged_bundle_has_no_adapter_and_one_with_adapter_the_stages_base(merged, with_adapter, lora_stage):
    assert not (merged / "llm/adapter").exists()
    assert (with_adapter / "llm/adapter/adapter_model.safetensors").read_bytes() == (
        lora_stage / "llm/adapter/adapter_model.safetensors"
    ).read_bytes()
    name = "model.layers.0.self_attn.q_proj.weight"
    base, merged_weight = (read_tensors(bundle / "llm", name)[name].float() for bundle in (with_adapter, merged))
    torch.testing.assert_close(base, read_tensors(lora_stage / "llm", name)[name].float(), rtol=0, atol=0)
    assert (merged_weight - base).abs().max() > 1e-4


@pytest.mark.parametrize("bundle", ["merged", "with_adapter"])
def test_a_lora_stage_and_its_bundle_give_the_same_waypoints(bundle, lora_stage, request):
    assert largest_difference_m(lora_stage, request.getfixturevalue(bundle)) < 1e-3


def test_a_full_stage_and_its_bundle_give_the_same_waypoints(full_stage, full):
    assert largest_difference_m(full_stage, full) < 1e-3


def test_the_comparison_sees_a_weight_that_is_another(lora_stage, merged, tmp_path):
    spoilt = tmp_path / "spoilt"
    shutil.copytree(merged, spoilt)
    head = load_file(spoilt / "llm/trajectory_head.safetensors")
    head["trajectory_head.output.bias"][0] += 0.01
    save_file(head, spoilt / "llm/trajectory_head.safetensors", metadata={"format": "pt"})
    moved_m = 0.01 * UNIT_MPS * 0.5  # The first waypoint's.
    assert largest_difference_m(lora_stage, spoilt) == pytest.approx(moved_m, abs=1e-4)


def test_coarser_weights_than_those_that_are_served_cost_millimetres(lora_stage, merged, tmp_path):
    """Why weights are stored in the precision that the engine computes in, not always in 16 bits."""
    export_bundle(lora_stage, tmp_path / "out", "mine", "1.0", dtype="bfloat16", compare=False)
    assert json.loads((tmp_path / "out/llm/config.json").read_text())["dtype"] == "bfloat16"
    assert json.loads((merged / "llm/config.json").read_text())["dtype"] == "float32"
    stored = read_tensors(tmp_path / "out/llm", "")
    exact = ("trajectory_head", "projectors")
    assert {tensor.dtype for name, tensor in stored.items() if name.startswith(exact)} <= {torch.float32, torch.float16}
    assert stored["model.layers.0.self_attn.q_proj.weight"].dtype == torch.bfloat16
    assert largest_difference_m(lora_stage, tmp_path / "out") > 2 * largest_difference_m(lora_stage, merged)


def test_caution_is_written_where_the_service_reads_it(lora_stage, merged, tmp_path):
    export_bundle(lora_stage, tmp_path / "out", "mine", "1.0", caution=1.5, compare=False)
    read = TrajectoryLlamaConfig.from_pretrained
    assert read(tmp_path / "out/llm").caution == 1.5
    assert read(merged / "llm").caution == 0.0


def test_the_trained_row_of_the_trajectory_token_is_in_the_bundle(lora_stage, merged, base_directory):
    rows = load_file(lora_stage / "special_rows.safetensors")["rows"]
    token_id = json.loads((merged / "llm/config.json").read_text())["traj_token_id"]
    exported = read_tensors(merged / "llm", EMBEDDING_NAME)[EMBEDDING_NAME].float()
    torch.testing.assert_close(exported[token_id], rows[0], rtol=0, atol=0)
    start = read_tensors(base_directory, EMBEDDING_NAME)[EMBEDDING_NAME].float()
    assert (start[token_id] - rows[0]).abs().max() > 1e-4
    others = torch.arange(len(start)) != token_id
    torch.testing.assert_close(exported[others], start[others], rtol=0, atol=0)


def test_trained_perception_gives_another_contract_and_untrained_perception_the_same(
    start, tokenizer, make_batch, tmp_path
):
    manifests = {}
    for name, steps in (("untrained", 0), ("trained", STEPS)):
        corrector = start()
        if steps:
            train(corrector, make_batch)
        save_stage(corrector, tokenizer, tmp_path / name, "pretrain", {"steps": steps})
        manifests[name] = export_bundle(tmp_path / name, tmp_path / f"{name}-bundle", "mine", "1", compare=False)
    again = export_bundle(tmp_path / "untrained", tmp_path / "again", "mine", "2", adapter=True, compare=False)
    assert manifests["untrained"].contract_id == again.contract_id != manifests["trained"].contract_id
    assert (manifests["untrained"].trained, manifests["trained"].trained) == (False, True)


def test_perception_from_a_bundle_that_no_stage_has_changed_keeps_its_contract(start, tokenizer, tmp_path):
    from training.tiny.bundle import write_tiny_bundle

    source = write_tiny_bundle(tmp_path / "tiny")
    corrector = start(perception=str(tmp_path / "tiny/perception"))
    save_stage(corrector, tokenizer, tmp_path / "stage", "pretrain")
    manifest = export_bundle(tmp_path / "stage", tmp_path / "out", "mine", "1", compare=False)
    assert manifest.contract_id == source.contract_id


@pytest.mark.parametrize(
    "name", ["stage.json", "alignment.safetensors", "perception/config.json", "llm/tokenizer.json", "llm/config.json"]
)
def test_a_file_that_is_missing_is_named_and_nothing_is_written(lora_stage, tmp_path, name):
    stage = tmp_path / "stage"
    shutil.copytree(lora_stage, stage)
    (stage / name).unlink()
    with pytest.raises(InvalidField, match=name):
        export_bundle(stage, tmp_path / "out", "mine", "1")
    assert [path.name for path in tmp_path.iterdir()] == ["stage"]


def test_a_tensor_that_is_missing_is_named(lora_stage, tmp_path):
    stage = tmp_path / "stage"
    shutil.copytree(lora_stage, stage)
    path = stage / "llm/projectors.safetensors"
    tensors = load_file(path)
    del tensors["projectors.bev.inner.bias"]
    save_file(tensors, path, metadata={"format": "pt"})
    with pytest.raises(CheckpointError, match=r"projectors\.bev\.inner\.bias"):
        export_bundle(stage, tmp_path / "out", "mine", "1")


def test_half_an_adapter_is_refused_and_named(lora_stage, tmp_path):
    stage = tmp_path / "stage"
    shutil.copytree(lora_stage, stage)
    path = stage / "llm/adapter/adapter_model.safetensors"
    tensors = load_file(path)
    del tensors["base_model.model.model.layers.1.mlp.up_proj.lora_B.weight"]
    save_file(tensors, path, metadata={"format": "pt"})
    with pytest.raises(InvalidField, match=r"layers\.1\.mlp\.up_proj"):
        export_bundle(stage, tmp_path / "out", "mine", "1")


def test_a_full_stage_has_no_adapter_to_keep(full_stage, tmp_path):
    with pytest.raises(InvalidField, match="adapter: expected a LoRA stage"):
        export_bundle(full_stage, tmp_path / "out", "mine", "1", adapter=True)
    assert not (tmp_path / "out").exists()


def test_a_directory_that_exists_is_not_overwritten(lora_stage, tmp_path):
    with pytest.raises(InvalidField, match="out: expected a directory that does not exist yet"):
        export_bundle(lora_stage, tmp_path, "mine", "1")
