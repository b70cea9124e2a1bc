"""Stages on disk: to the bit, strictly, and one after the other."""

import json
import shutil

import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file, save_file

from llm_service.checkpoint import CheckpointError, check_checkpoint
from llm_service.modeling.transformers_model import TrajectoryLlamaForCausalLM
from training.modeling.base_presets import BUILTIN_TINY
from training.modeling.base_reference import BaseReference
from training.modeling.lora import has_lora
from training.modeling.settings import CorrectorSettings, LoraSettings
from training.modeling.special_rows import written_back
from training.modeling.stage_checkpoint import load_stage, load_tokenizer, save_stage
from training.modeling.stage_info import is_stage, read_stage_info
from training.modeling.starting import start_corrector, start_perception
from training.modeling.trainable import trainable_parameters
from waymend.errors import InvalidField


def trained_a_little(corrector, make_batch, steps: int = 2):
    """Random numbers would do for files, but a step gives every tensor that trains a value of its own."""
    optimiser = torch.optim.AdamW(trainable_parameters(corrector).values(), lr=1e-2)
    batch = make_batch([0, 1])
    for _ in range(steps):
        optimiser.zero_grad()
        sums = corrector(batch, [batch])
        examples = sum(term.total / term.count for term in sums.examples.values())
        (examples + sum(sums.alignment.values())).backward()
        optimiser.step()
    return corrector


@pytest.fixture
def trained(make_corrector, make_batch):
    return trained_a_little(make_corrector(), make_batch)


@pytest.fixture
def stage(trained, tokenizer, tmp_path):
    save_stage(trained, tokenizer, tmp_path / "pretrain", "pretrain", run={"steps": 2})
    return tmp_path / "pretrain"


def state_of(corrector) -> dict[str, torch.Tensor]:
    """All tensors, the overlaid row in its embedding as files have it."""
    state = dict(corrector.state_dict())
    if corrector.special_rows is not None:
        ids = corrector.special_rows.token_ids.tolist()
        name = "llm.model.embed_tokens.weight"
        state[name] = written_back(state[name], ids, corrector.special_rows.rows)
        if corrector.llm.config.tie_word_embeddings:
            state["llm.lm_head.weight"] = state[name]
    return state


def assert_identical(first, second) -> None:
    mine, other = state_of(first), state_of(second)
    assert mine.keys() == other.keys()
    for name, tensor in mine.items():
        assert tensor.dtype == other[name].dtype, name
        assert torch.equal(tensor, other[name]), name


SETTINGS = {
    "LoRA": CorrectorSettings(),
    "LoRA on a bfloat16 base": CorrectorSettings(dtype=torch.bfloat16),
    "LoRA with a frozen language model": CorrectorSettings(freeze_llm=True),
    "full": CorrectorSettings(finetuning_type="full"),
    "full in float16": CorrectorSettings(finetuning_type="full", dtype=torch.float16),
    "freeze": CorrectorSettings(finetuning_type="freeze", freeze_trainable_layers=1),
}


@pytest.mark.parametrize("base", [BaseReference("tests/pretrained"), BaseReference.of(BUILTIN_TINY)], ids=str)
@pytest.mark.parametrize("kind", SETTINGS)
def test_what_is_loaded_is_what_was_saved_to_the_bit(base_directory, tokenizer, make_batch, tmp_path, kind, base):
    settings = SETTINGS[kind]
    corrector = start_corrector(base_directory, start_perception("tiny"), settings, base)
    if settings.dtype == torch.float32:
        trained_a_little(corrector, make_batch)
    save_stage(corrector, tokenizer, tmp_path / "stage", "sft")
    loaded = load_stage(tmp_path / "stage", settings)
    assert_identical(corrector, loaded)
    assert trainable_parameters(corrector).keys() == trainable_parameters(loaded).keys()
    check_checkpoint(tmp_path / "stage/llm")
    save_stage(loaded, load_tokenizer(tmp_path / "stage"), tmp_path / "again", "sft")
    for path in (tmp_path / "stage").rglob("*"):
        if path.is_file():
            assert (tmp_path / "again" / path.relative_to(tmp_path / "stage")).read_bytes() == path.read_bytes()


def test_the_loaded_corrector_answers_the_same(trained, stage, make_batch):
    batch = make_batch([5, 6])
    loaded = load_stage(stage, CorrectorSettings()).eval()
    for mine, other in zip(trained.eval().predict(batch), loaded.predict(batch), strict=True):
        assert torch.equal(mine, other)


def test_the_llm_directory_is_a_bundles(trained, stage, make_batch):
    """The served model: base from the directory, PEFT's own loader for the adapter, the row written back."""
    check_checkpoint(stage / "llm")
    base = TrajectoryLlamaForCausalLM.from_pretrained(stage / "llm")
    row = base.get_input_embeddings().weight[base.config.traj_token_id]
    assert torch.equal(row, trained.special_rows.rows[0])
    served = PeftModel.from_pretrained(base, stage / "llm/adapter").eval()
    batch = make_batch([5])
    expected_m, _ = trained.eval().predict(batch)
    trained.llm, trained.special_rows = served.get_base_model(), None
    torch.testing.assert_close(trained.predict(batch)[0], expected_m, rtol=0, atol=1e-5)


def test_the_adapter_is_on_linears_alone(stage):
    config = json.loads((stage / "llm/adapter/adapter_config.json").read_text())
    assert config["r"] == 8
    assert config["target_modules"] == sorted(config["target_modules"])
    assert "modules_to_save" not in config
    names = load_file(stage / "llm/adapter/adapter_model.safetensors")
    assert len(names) == 4 * 7 * 2
    assert all(name.startswith("base_model.model.model.layers.") for name in names)


def test_a_lora_stage_goes_on_with_the_same_adapter(trained, stage):
    following = load_stage(stage, CorrectorSettings(lora=LoraSettings(dropout=0.3)))
    assert following.llm.model.layers[0].mlp.up_proj.lora_dropout["default"].p == 0.3
    assert_identical(trained, following)


@pytest.mark.parametrize(
    ("lora", "message"),
    [
        (LoraSettings(rank=16), "lora_rank: expected 8, as the adapter has"),
        (LoraSettings(alpha=32), "lora_alpha: expected 16"),
        (LoraSettings(targets=("q_proj", "v_proj")), "lora_target: expected"),
    ],
)
def test_an_adapter_of_other_settings_is_refused(stage, lora, message):
    with pytest.raises(InvalidField, match=message):
        load_stage(stage, CorrectorSettings(lora=lora))


@pytest.mark.parametrize("kind", ["full", "freeze"])
def test_other_stages_merge_the_adapter_and_answer_the_same(trained, stage, make_batch, kind):
    following = load_stage(stage, CorrectorSettings(finetuning_type=kind)).eval()
    assert not has_lora(following.llm)
    batch = make_batch([5, 6])
    expected = trained.eval().predict(batch)
    for mine, merged in zip(expected, following.predict(batch), strict=True):
        torch.testing.assert_close(merged, mine, rtol=0, atol=1e-5)
    hidden = following.hidden_states(batch)
    torch.testing.assert_close(hidden, trained.hidden_states(batch), rtol=0, atol=1e-5)


def test_a_merged_stage_is_saved_without_an_adapter(stage, tokenizer, tmp_path):
    full = load_stage(stage, CorrectorSettings(finetuning_type="full"))
    save_stage(full, tokenizer, tmp_path / "full", "full_finetune")
    assert not (tmp_path / "full/llm/adapter").exists()
    assert not (tmp_path / "full/special_rows.safetensors").exists()
    assert_identical(full, load_stage(tmp_path / "full", full.settings))
    again = load_stage(tmp_path / "full", CorrectorSettings())
    assert has_lora(again.llm)


def test_a_merged_but_frozen_language_model_is_saved_merged(stage, tokenizer, tmp_path):
    full = load_stage(stage, CorrectorSettings(finetuning_type="full", freeze_llm=True))
    save_stage(full, tokenizer, tmp_path / "full", "full_finetune")
    assert_identical(full, load_stage(tmp_path / "full", full.settings))


def test_a_base_file_that_no_lora_stage_changes_is_linked(stage, trained, tokenizer, tmp_path):
    following = load_stage(stage, CorrectorSettings())
    save_stage(following, tokenizer, tmp_path / "sft", "sft")
    base = "llm/base_model.safetensors"
    assert (tmp_path / "sft" / base).samefile(stage / base)
    shutil.rmtree(stage)  # As the rotation of checkpoints does.
    save_stage(following, tokenizer, tmp_path / "later", "sft")
    assert not (tmp_path / "later" / base).samefile(tmp_path / "sft" / base)
    assert_identical(following, load_stage(tmp_path / "later", CorrectorSettings()))


def test_a_first_lora_stage_of_the_builtin_base_links_it(make_corrector, base_directory, tokenizer, tmp_path):
    corrector = make_corrector(base=BaseReference.of(BUILTIN_TINY))
    save_stage(corrector, tokenizer, tmp_path / "first", "pretrain")
    base = "base_model.safetensors"
    assert (tmp_path / "first/llm" / base).samefile(base_directory / base)


def test_saving_again_into_its_own_directory_keeps_what_else_is_there(stage, tokenizer, make_batch):
    (stage / "log.jsonl").write_text("{}")
    following = trained_a_little(load_stage(stage, CorrectorSettings()), make_batch)
    save_stage(following, tokenizer, stage, "sft")
    assert (stage / "log.jsonl").read_text() == "{}"
    assert_identical(following, load_stage(stage, CorrectorSettings()))
    assert not [path for path in stage.iterdir() if "partial" in path.name]


def test_stage_json_says_what_it_is(stage, tmp_path):
    info = read_stage_info(stage)
    assert (info.training_stage, info.finetuning_type, info.run) == ("pretrain", "lora", {"steps": 2})
    assert info.base == BaseReference("tests/pretrained")
    assert info.modalities == ("image", "bev", "vector")
    assert not is_stage(tmp_path)
    with pytest.raises(InvalidField, match=r"a stage directory with a stage.json"):
        load_stage(tmp_path, CorrectorSettings())


def change(path, edit) -> None:
    tensors = load_file(path)
    edit(tensors)
    save_file(tensors, path)


LAYER = "base_model.model.model.layers.0.mlp.up_proj"


@pytest.mark.parametrize(
    ("file", "edit", "message"),
    [
        ("alignment.safetensors", lambda t: t.pop("log_scales.align"), r"missing: log_scales\.align"),
        ("alignment.safetensors", lambda t: t.update(stray=torch.zeros(1)), "unexpected: stray"),
        ("special_rows.safetensors", lambda t: t.update(rows=torch.zeros(2, 192)), r"expected shape \[1, 192\]"),
        ("perception/model.safetensors", lambda t: t.pop("bev_tokens.resampler.queries"), "missing: bev_tokens"),
        ("llm/adapter/adapter_model.safetensors", lambda t: t.pop(f"{LAYER}.lora_A.weight"), f"missing: .'{LAYER}"),
        (
            "llm/adapter/adapter_model.safetensors",
            lambda t: t.update({f"{LAYER}.lora_A.weight": torch.zeros(8, 3)}),
            r"expected shape \[8, 192\], given \[8, 3\]",
        ),
    ],
)
def test_a_tensor_that_does_not_fit_is_an_error_that_names_it(stage, file, edit, message):
    change(stage / file, edit)
    with pytest.raises(InvalidField, match=message):
        load_stage(stage, CorrectorSettings())


def test_a_tensor_of_the_language_model_that_does_not_fit_is_an_error_too(stage):
    change(stage / "llm/projectors.safetensors", lambda t: t.pop("projectors.bev.norm.weight"))
    with pytest.raises(CheckpointError, match=r"projectors.bev.norm.weight"):
        load_stage(stage, CorrectorSettings())


def test_a_failed_save_leaves_the_directory_that_was_there(stage, trained, monkeypatch):
    class NoTokenizer:
        def save_pretrained(self, directory):
            raise OSError("disk full")

    before = (stage / "llm/config.json").read_bytes()
    with pytest.raises(OSError, match="disk full"):
        save_stage(trained, NoTokenizer(), stage, "sft")
    assert (stage / "llm/config.json").read_bytes() == before
    assert not is_stage(stage)
