"""The shipped files, shrunken by overrides, in a chain: pretrain, sft, full, and two ablations."""

import math
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.training.running.stages import stage_tensors
from training.recipe.reading import read_recipe
from training.recipe.shipped import CONFIGS
from training.running.train import TrainResult, train

# One batch of the same six samples again and again: what is learned at all is learned of them.
SMALL = (
    "dtype=float32",
    "fp16=false",
    "overwrite_cache=false",
    "preprocessing_num_workers=null",
    "max_samples=6",
    "per_device_train_batch_size=3",
    "gradient_accumulation_steps=2",
    "modality_dropout=0",
    "lora_dropout=0",
    "lr_scheduler_type=constant",
    "warmup_ratio=0",
    "val_size=0",
    "eval_strategy=no",
    "save_strategy=no",
    "logging_steps=1",
)
OWN_GRID = ("bevfusion_config_path=null", "point_cloud_range=null", "voxel_size=null", "bev_size=null")
TERMS = ("lm", "traj", "align", "bev_text", "bev_vector")

Stage = Callable[..., TrainResult]


@pytest.fixture(scope="module")
def stage(samples: Path, tmp_path_factory) -> Stage:
    """Runs a shipped file."""
    root = tmp_path_factory.mktemp("chain")

    def run(name: str, start: str, *changes: str) -> TrainResult:
        paths = (f"dataset_dir={samples}", f"model_name_or_path={start}", f"output_dir={root / name}")
        return train(read_recipe(CONFIGS / f"{name}.yaml", [*SMALL, *paths, *changes]))

    return run


@pytest.fixture(scope="module")
def pretrain(stage: Stage) -> TrainResult:
    return stage("pretrain", "builtin:tiny", *OWN_GRID, "max_steps=10", "learning_rate=1e-3")


@pytest.fixture(scope="module")
def sft(stage: Stage, pretrain: TrainResult) -> TrainResult:
    return stage("sft", str(pretrain.directory), "max_steps=8", "learning_rate=1e-3")


@pytest.fixture(scope="module")
def full(stage: Stage, sft: TrainResult) -> TrainResult:
    """With live encoders, so of fewer samples."""
    small = ("max_samples=2", "per_device_train_batch_size=1", "max_steps=8", "learning_rate=3e-4")
    return stage("full_finetune", str(sft.directory), *small)


def values(result: TrainResult, name: str) -> list[float]:
    return [line[name] for line in result.log if name in line]


@pytest.mark.parametrize("name", ["pretrain", "sft", "full"])
def test_all_five_losses_are_logged_at_every_step_and_are_finite(name, request):
    result: TrainResult = request.getfixturevalue(name)
    for term in TERMS:
        logged = values(result, f"loss_{term}")
        assert len(logged) == result.steps
        assert all(map(math.isfinite, logged))


@pytest.mark.parametrize("term", TERMS)
def test_every_loss_falls_over_the_chain(term, pretrain, sft):
    logged = [*values(pretrain, f"loss_{term}"), *values(sft, f"loss_{term}")]
    assert sum(logged[-3:]) < 0.95 * sum(logged[:3])


@pytest.mark.parametrize("name", ["pretrain", "sft"])
def test_the_loss_falls_within_each_stage(name, request):
    logged = values(request.getfixturevalue(name), "loss")
    assert sum(logged[-2:]) < sum(logged[:2])


@pytest.mark.parametrize("term", ["lm", "traj"])
def test_words_and_trajectories_get_better_within_the_full_stage(term, full):
    """Its two samples are one negative for each other: the contrastive terms jump."""
    logged = values(full, f"loss_{term}")
    assert sum(logged[-2:]) < sum(logged[:2])


def test_a_stage_goes_on_where_the_one_before_stopped(pretrain, sft, full):
    assert values(sft, "loss_lm")[0] < values(pretrain, "loss_lm")[-3]
    assert values(full, "loss_lm")[0] < values(pretrain, "loss_lm")[0] - 1


def test_lora_stages_change_what_trains_and_nothing_that_is_frozen(pretrain, sft):
    before, after = stage_tensors(pretrain.directory), stage_tensors(sft.directory)
    assert before.keys() == after.keys()
    changed = {name for name in after if not before[name].equal(after[name])}
    frozen = {name for name in after if "bevfusion" in name or ("base_model.safetensors" in name and "proj" in name)}
    assert len(frozen) > 50
    assert not changed & frozen
    for part in ("adapter", "projectors.bev", "trajectory_head", "image_tokens", "bev_tokens", "vector_tokens"):
        assert any(part in name for name in changed), part


def test_the_full_stage_merges_the_adapter_and_trains_the_encoders(sft, full):
    before, after = stage_tensors(sft.directory), stage_tensors(full.directory)
    assert not any("adapter" in name for name in after)
    changed = {name for name in after if name in before and not before[name].equal(after[name])}
    for part in ("img_backbone", "pts_middle_encoder", "layers.0.self_attn.q_proj"):
        assert any(part in name for name in changed), part
    assert not any("bbox_head" in name or "running_mean" in name for name in changed)


@pytest.mark.parametrize(
    ("name", "terms"),
    [("ablation_vision_only", ("lm", "traj", "align")), ("ablation_bev_only", ("lm", "traj", "bev_text"))],
)
def test_ablations_have_the_losses_of_their_modality_alone(stage, pretrain, name, terms):
    result = stage(name, str(pretrain.directory), "max_steps=2")
    lines = [line for line in result.log if "loss" in line]
    assert len(lines) == 2
    for line in lines:
        assert {key for key in line if key.startswith("loss_")} == {f"loss_{term}" for term in terms}
        assert math.isfinite(line["loss"])
    unseen = "bev_tokens" if name == "ablation_vision_only" else "image_tokens"
    before, after = stage_tensors(pretrain.directory), stage_tensors(result.directory)
    assert all(before[key].equal(tensor) for key, tensor in after.items() if unseen in key or "vector_tokens" in key)
