"""A recipe in the words of the installed transformers."""

from importlib.util import find_spec

import pytest
import torch
from transformers import TrainingArguments

from tests.training.recipe.recipes import guide_file, recipe
from training.recipe.reading import read_recipe
from training.recipe.shipped import CONFIGS
from training.recipe.training_arguments import distribution
from waymend.errors import InvalidField

without_cuda = pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
NAMES = ("pretrain", "sft", "full_finetune")


def without(package: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(find_spec(package) is not None, reason=f"{package} is installed")


@pytest.mark.parametrize("path", [*(guide_file(name) for name in NAMES), *(CONFIGS / f"{name}.yaml" for name in NAMES)])
def test_every_stage_is_accepted(path, tmp_path):
    read = read_recipe(path, ["fp16=false", f"output_dir={tmp_path}"])
    arguments = TrainingArguments(**read.training_arguments())
    assert arguments.gradient_accumulation_steps == read.gradient_accumulation_steps
    assert arguments.learning_rate == read.learning_rate
    assert arguments.num_train_epochs == read.num_train_epochs
    assert arguments.get_warmup_steps(1000) == round(1000 * read.warmup_ratio)
    assert arguments.eval_strategy == read.eval_strategy
    assert arguments.report_to == []


def test_the_first_stage_shrinks_to_a_cpu(tmp_path):
    grid = [f"{key}=null" for key in ("bevfusion_config_path", "point_cloud_range", "voxel_size", "bev_size")]
    small = ["model_name_or_path=builtin:tiny", "dtype=float32", "fp16=false", "max_steps=2", f"output_dir={tmp_path}"]
    read = read_recipe(CONFIGS / "pretrain.yaml", [*grid, *small])
    assert (read.base_preset, read.perception, read.bev_size) == ("tiny", "tiny", (128, 128))
    assert TrainingArguments(**read.training_arguments()).max_steps == 2


def test_what_the_model_and_the_trainer_do_themselves_is_switched_off():
    arguments = TrainingArguments(**recipe().training_arguments())
    assert arguments.remove_unused_columns is False
    assert arguments.label_names == []
    assert arguments.average_tokens_across_devices is False
    assert arguments.logging_first_step is True


def test_warm_up_steps_are_whole_and_the_ratio_is_a_share():
    assert recipe(warmup_ratio=0.1).training_arguments()["warmup_steps"] == 0.1
    assert recipe(warmup_ratio=0.1, warmup_steps=7).training_arguments()["warmup_steps"] == 7


def test_the_best_model_has_the_least_loss(tmp_path):
    keys = {"eval_strategy": "steps", "eval_split": "val", "load_best_model_at_end": True, "eval_steps": 5}
    arguments = TrainingArguments(**recipe(**keys, save_steps=5, output_dir=str(tmp_path)).training_arguments())
    assert (arguments.metric_for_best_model, arguments.greater_is_better) == ("loss", False)


def test_reporters_and_names_are_passed_on():
    arguments = recipe(report_to=["tensorboard"], run_name="first", seed=5, data_seed=6).training_arguments()
    assert (arguments["report_to"], arguments["run_name"]) == (["tensorboard"], "first")
    assert (arguments["seed"], arguments["data_seed"]) == (5, 6)


def test_checkpointing_is_of_the_kind_that_works_with_frozen_inputs():
    arguments = recipe(gradient_checkpointing=True).training_arguments()
    assert arguments["gradient_checkpointing_kwargs"] == {"use_reentrant": False}


@pytest.mark.parametrize("fsdp", [True, "full_shard auto_wrap"])
def test_the_fsdp_file_is_accepted(fsdp, tmp_path):
    read = recipe(fsdp=fsdp, fsdp_config="fsdp.json", output_dir=str(tmp_path))
    arguments = TrainingArguments(output_dir=str(tmp_path), **distribution(read))
    assert arguments.fsdp_plugin_args["fsdp_version"] == 2
    assert arguments.fsdp_plugin_args["transformer_cls_names_to_wrap"] == "LlamaDecoderLayer"
    assert read == recipe(fsdp=fsdp, fsdp_config="fsdp.json", output_dir=str(tmp_path))


@without_cuda
def test_half_precision_without_a_gpu_is_refused_with_what_to_override():
    with pytest.raises(InvalidField, match="fp16: expected false on a machine without CUDA: run with `fp16=false"):
        recipe(fp16=True).training_arguments()


@without_cuda
def test_sharding_without_a_gpu_is_refused_with_what_to_override():
    with pytest.raises(InvalidField, match=r"fsdp: expected false on a machine without CUDA, .* with `fsdp=false`"):
        recipe(fsdp=True, fsdp_config="fsdp.json").training_arguments()


@without_cuda
def test_bfloat16_without_a_gpu_is_accepted():
    assert TrainingArguments(**recipe(bf16=True).training_arguments()).mixed_precision == "bf16"


@pytest.mark.parametrize(
    ("keys", "field"),
    [
        pytest.param({"quantization_bit": 4}, "quantization_bit", marks=without("bitsandbytes")),
        pytest.param({"optim": "adamw_8bit"}, "optim", marks=without("bitsandbytes")),
        pytest.param({"deepspeed": "ds_zero2.json"}, "deepspeed", marks=without("deepspeed")),
        pytest.param({"report_to": "wandb"}, "report_to", marks=without("wandb")),
    ],
)
def test_a_package_that_is_absent_is_named(keys, field):
    with pytest.raises(InvalidField, match=f"{field}: expected `{field}=.* is not installed"):
        recipe(**keys).training_arguments()
