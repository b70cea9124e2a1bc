"""QLoRA: a base held in 4 or 8 bits, adapters beside it in float32; runs where bitsandbytes is installed."""

import json
from importlib.util import find_spec

import pytest
import torch

from tests.training.running.stages import assert_equal_to_the_bit, stage_tensors
from training.modeling.settings import CorrectorSettings
from training.modeling.stage_checkpoint import load_stage
from training.recipe.reading import recipe_from
from training.running.train import start_run, train

pytestmark = pytest.mark.skipif(find_spec("bitsandbytes") is None, reason="bitsandbytes is not installed")

KEYS = {
    "max_steps": 6,
    "max_samples": 4,
    "per_device_train_batch_size": 4,
    "lora_dropout": 0.0,
    "modality_dropout": 0.0,
}
HELD_IN = {4: torch.uint8, 8: torch.int8}
"""What bitsandbytes packs weights into."""


@pytest.fixture(scope="module")
def plain(small_keys, tmp_path_factory):
    """A stage whose base was not quantised, for the others to start from."""
    out = str(tmp_path_factory.mktemp("plain") / "run")
    return train(recipe_from({**small_keys, **KEYS, "output_dir": out, "max_steps": 2})).directory


@pytest.fixture(scope="module", params=[4, 8])
def quantised(request, plain, small_keys, tmp_path_factory):
    out = str(tmp_path_factory.mktemp("quantised") / "run")
    changes = {"model_name_or_path": str(plain), "quantization_bit": request.param, "output_dir": out}
    return request.param, start_run(recipe_from({**small_keys, **KEYS, **changes})).trainer


@pytest.fixture(scope="module")
def log(quantised) -> list[dict]:
    _, trainer = quantised
    trainer.train()
    trainer.save_model()
    return [line for line in trainer.state.log_history if "loss_lm" in line]


def test_the_linears_are_packed_and_everything_else_is_not(quantised):
    bits, trainer = quantised
    llm = trainer._corrector.llm
    for name, parameter in llm.named_parameters():
        linear = "proj." in name and "lora_" not in name and name.startswith("model.layers")
        assert parameter.dtype == (HELD_IN[bits] if linear else torch.float32), name


def test_the_losses_fall(log):
    assert log[-1]["loss_lm"] < log[0]["loss_lm"]
    assert log[-1]["loss"] < log[0]["loss"]


def test_the_stage_keeps_the_base_in_full_precision_and_goes_on(quantised, log, plain):
    bits, trainer = quantised
    stage = trainer._corrector.llm_source.parent
    assert "quantization_config" not in json.loads((stage / "llm/config.json").read_text())
    before, after = stage_tensors(plain), stage_tensors(stage)
    assert before.keys() == after.keys()
    linears = {name for name in after if "base_model.safetensors" in name and "proj.weight" in name}
    assert_equal_to_the_bit({name: after[name] for name in linears}, {name: before[name] for name in linears})
    assert any("adapter" in name and not before[name].equal(after[name]) for name in after)
    again = load_stage(stage, CorrectorSettings(quantization_bit=bits)).llm
    for name, parameter in trainer._corrector.llm.named_parameters():
        assert torch.equal(again.get_parameter(name), parameter), name
