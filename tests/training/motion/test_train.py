"""A motion prior: trained from samples, and given to a language model."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
import typer
from safetensors.torch import load_file, save_file
from typer.testing import CliRunner

from llm_service.modeling.motion_prior import MotionPrior, load_motion_prior, make_motion_prior
from llm_service.modeling.plan_features import plan_features
from perception_service.bundle import load_perception_model
from perception_service.models.perception_model import PerceptionModel
from perception_service.models.presets import preset
from training.exporting.comparison import largest_difference_m
from training.exporting.export import export_bundle
from training.loading.further_plans import FurtherPlans
from training.loading.split_plans import plans_of_split
from training.loading.vectors import StopLineDropout, vectors_of
from training.modeling.base_presets import BUILTIN_TINY
from training.modeling.base_reference import BaseReference
from training.modeling.bases import prepare_base
from training.modeling.language_model import load_language_model
from training.modeling.motion_prior import add_motion_prior
from training.modeling.settings import CorrectorSettings
from training.motion.commands import motion
from training.motion.scene_tokens import SceneTokens
from training.motion.settings import RECIPE_FILE, WEIGHTS_FILE, MotionTraining
from training.motion.train import plan_rows, train_motion_prior
from training.motion.weights import STEP_KEY, save_fitted
from training.perceiving.outcome import write_perception
from training.recipe.reading import recipe_from
from training.running.train import start_run, train
from waymend.errors import InvalidField
from waymend.trajectory import Horizon

HORIZON = Horizon()


@pytest.fixture(scope="module")
def settings(samples, tmp_path_factory):
    return MotionTraining((samples,), tmp_path_factory.mktemp("motion") / "prior", steps=200, further_plans=6)


@pytest.fixture(scope="module")
def finished(settings):
    return train_motion_prior(settings)


@pytest.fixture(scope="module")
def perception(tmp_path_factory):
    """A perception half with random weights."""
    directory, document = tmp_path_factory.mktemp("perception"), preset("tiny")
    write_perception(PerceptionModel.from_config(document), document, directory)
    return directory


@pytest.fixture
def llm(tmp_path):
    base = prepare_base(BUILTIN_TINY, tmp_path / "base")
    return load_language_model(base, CorrectorSettings(), BaseReference.of(BUILTIN_TINY))


def test_rows_hold_what_the_model_is_told_and_what_is_missing_to_the_truth(samples):
    further = FurtherPlans(2, seed=3)
    rows = plan_rows([samples], "train", HORIZON, further)
    keyframe, plans = next(plans_of_split([samples], "train", HORIZON, further))
    assert rows.scenes[: len(plans)] == (keyframe.scene_name,) * len(plans)
    np.testing.assert_allclose(rows.offsets_m[1], keyframe.future_ego_m - plans[1], atol=1e-5)
    told = plan_features(plans[1], HORIZON.step_s, keyframe.ego_state, keyframe.command)
    np.testing.assert_array_equal(rows.inputs[1], told[0])


def test_rows_may_hold_the_token_of_the_scene_as_it_is_served(samples, perception):
    further = FurtherPlans(20, seed=3)
    told = SceneTokens(perception, StopLineDropout(), seed=3)
    rows, without = (plan_rows([samples], "train", HORIZON, further, tokens) for tokens in (told, None))
    plans, token = np.split(rows.inputs, [78], axis=1)
    np.testing.assert_array_equal(plans, without.inputs)
    keyframe, about_it = next(plans_of_split([samples], "train", HORIZON, further))
    model = load_perception_model(perception / "model.safetensors").eval()
    with torch.inference_mode():
        served, _ = model.vector_tokens(vectors_of(keyframe, model.config))
    known = token.any(1)
    assert 0.85 < known.mean() < 0.95
    expected = known[: len(about_it), None] * served[0, 0].half().float().numpy()
    np.testing.assert_allclose(token[: len(about_it)], expected, rtol=0, atol=1e-3)


def test_it_learns_and_tells_how_it_was_made(finished, settings):
    assert finished.error_m < 0.7 * finished.plan_error_m
    recipe = json.loads((settings.out / RECIPE_FILE).read_text())
    assert recipe["settings"]["steps"] == 200
    assert (recipe["held_back_error_m"], recipe["held_back_plan_error_m"]) == (finished.error_m, finished.plan_error_m)


def test_several_data_sets_are_learned_together_and_key_frames_alone_are_enough(samples, tmp_path):
    bare = tmp_path / "bare"
    shutil.copytree(samples, bare, ignore=shutil.ignore_patterns("conversations"))
    further = FurtherPlans(2, seed=3)
    one, both = (plan_rows(data, "train", HORIZON, further) for data in ([samples], [samples, bare]))
    keyframes = sum(1 for _ in plans_of_split([samples], "train", HORIZON, further))
    assert len(both.scenes) == len(one.scenes) + 2 * keyframes
    np.testing.assert_array_equal(both.inputs[: len(one.scenes)], one.inputs)
    with pytest.raises(InvalidField, match="further_plans: expected at least 1"):
        plan_rows([bare], "train", HORIZON, FurtherPlans(0))


def test_equal_settings_give_equal_weights(finished, settings, tmp_path):
    train_motion_prior(replace(settings, out=tmp_path / "again"))
    assert (tmp_path / "again" / WEIGHTS_FILE).read_bytes() == (settings.out / WEIGHTS_FILE).read_bytes()


def test_the_command_writes_it_and_refuses_what_cannot_be(samples, tmp_path):
    app = typer.Typer()
    app.command()(motion)
    command = ["--data", str(samples), "--out", str(tmp_path / "prior"), "--further-plans", "0"]
    done = CliRunner().invoke(app, [*command, "--steps", "2"])
    assert done.exit_code == 0, done.output
    assert "m on held-back scenes" in done.output
    refused = CliRunner().invoke(app, [*command, "--steps", "0"])
    assert refused.exit_code == 1
    assert "steps: expected at least 1" in refused.output
    blind = CliRunner().invoke(app, [*command, "--stop-line-dropout", "0.5"])
    assert blind.exit_code == 1
    assert "stop_line_dropout: expected 0 without perception" in blind.output
    again = CliRunner().invoke(app, [*command, "--steps", "2"])
    assert "out: expected a new or empty directory" in again.output


def test_a_model_gets_a_mean_of_both_in_which_the_prior_weighs_more(llm, finished, settings):
    plan, hidden = torch.randn(5, 1, 78), torch.randn(5, llm.config.hidden_size)
    asked = torch.full((5, 1), llm.config.traj_token_id), {"plan": list(plan)}
    of_head, scale = llm.read_numbers(llm.trajectory_head(hidden), *asked)
    add_motion_prior(llm, settings.out)
    of_both, same_scale = llm.read_numbers(llm.trajectory_head(hidden), *asked)
    prior = MotionPrior(78, 6)
    prior.load_state_dict(load_file(settings.out / WEIGHTS_FILE))
    torch.testing.assert_close(of_both, 0.25 * of_head + 0.75 * prior(plan[:, 0]), rtol=0, atol=1e-4)
    assert (of_both - of_head).abs().max() > 0.01
    torch.testing.assert_close(same_scale, scale)
    with pytest.raises(InvalidField, match="motion_prior: expected null"):
        add_motion_prior(llm, settings.out)


def test_each_plan_is_told_the_scene_of_its_own_sample(llm):
    llm.motion_prior = make_motion_prior(llm.config, sees_scene=True)
    for member in llm.motion_prior.members:
        torch.nn.init.normal_(member.output.weight, std=0.02)
    token, vector = llm.config.traj_token_id, llm.config.modality_token_ids["vector"]
    input_ids = torch.tensor([[vector, vector, token, token], [token, 0, 0, 0], [vector, token, 0, 0]])
    plan, scenes = torch.randn(4, 1, 78), [torch.randn(2, 256), torch.randn(1, 256)]
    numbers = torch.zeros(4, 6, 3)
    offset_m, _ = llm.read_numbers(numbers, input_ids, {"plan": list(plan), "vector": scenes})
    first = torch.stack([scenes[0][0], scenes[0][0], torch.zeros(256), scenes[1][0]])
    torch.testing.assert_close(offset_m, llm.motion_prior(torch.cat((plan[:, 0], first), -1)))
    assert (offset_m[0] - offset_m[3]).abs().max() > 0.01
    with pytest.raises(ValueError, match="4 `<\\|traj\\|>` tokens for 3 plans"):
        llm.read_numbers(numbers, input_ids, {"plan": list(plan[:3]), "vector": scenes})


def test_a_prior_of_other_plans_or_none_is_refused(llm, tmp_path):
    with pytest.raises(InvalidField, match=r"a directory with motion_prior\.safetensors"):
        add_motion_prior(llm, tmp_path)
    (tmp_path / WEIGHTS_FILE).write_bytes(b"no safetensors")
    with pytest.raises(InvalidField, match=r"a directory with motion_prior\.safetensors"):
        add_motion_prior(llm, tmp_path)
    save_file({"members.0.output.bias": torch.zeros(4)}, tmp_path / WEIGHTS_FILE, metadata={STEP_KEY: "0.5"})
    with pytest.raises(InvalidField, match=r"motion_prior: expected members\.0\.inner\.0\.bias of shape \[256\]"):
        add_motion_prior(llm, tmp_path)
    save_fitted(MotionPrior(78, 6), tmp_path / WEIGHTS_FILE, 0.25)
    with pytest.raises(InvalidField, match=r"waypoints every 0\.5 s, given .*: every 0\.25 s"):
        add_motion_prior(llm, tmp_path)
    assert llm.motion_prior is None


@pytest.fixture
def recipe(small_keys, tmp_path) -> Callable:
    def make(name, **keys):
        return recipe_from({**small_keys, "output_dir": str(tmp_path / name), "max_samples": 4, "max_steps": 2, **keys})

    return make


def test_a_stage_gets_it_trains_it_and_hands_it_on_to_the_bundle(recipe, settings, finished, tmp_path):
    first = train(recipe("first", finetuning_type="full", motion_prior=str(settings.out))).directory
    second = train(recipe("second", finetuning_type="full", model_name_or_path=str(first))).directory
    start = load_file(settings.out / WEIGHTS_FILE)
    priors = [load_file(stage / "llm/motion_prior.safetensors") for stage in (first, second)]
    name = "members.0.inner.0.weight"
    weights = [start[name], *(prior[f"motion_prior.{name}"] for prior in priors)]
    assert all(not torch.equal(before, after) for before, after in pairwise(weights))
    export_bundle(second, tmp_path / "bundle", "mine", "1.0")
    assert largest_difference_m(second, tmp_path / "bundle") < 1e-3
    served = load_motion_prior(tmp_path / "bundle/llm")
    assert served is not None
    assert torch.equal(served.members[0].inner[0].weight, weights[-1])
    with pytest.raises(InvalidField, match="motion_prior: expected null"):
        start_run(recipe("third", model_name_or_path=str(first), motion_prior=str(settings.out)))


def test_a_prior_that_sees_the_scene_reaches_the_bundle(recipe, settings, perception, tmp_path):
    seeing = replace(settings, out=tmp_path / "seeing", steps=20, perception=perception, stop_line_dropout=0.5)
    train_motion_prior(seeing)
    stage = train(recipe("stage", finetuning_type="full", motion_prior=str(seeing.out))).directory
    export_bundle(stage, tmp_path / "bundle", "mine", "1.0")
    served = load_motion_prior(tmp_path / "bundle/llm")
    assert served is not None
    assert served.scene_width == 256
    assert largest_difference_m(stage, tmp_path / "bundle") < 1e-3


def test_a_run_that_goes_on_has_it_already(recipe, settings, finished):
    keys = {"motion_prior": str(settings.out), "save_strategy": "steps", "save_steps": 1}
    train(recipe("run", **keys))
    shutil.rmtree(recipe("run").output_dir / "checkpoint-2")
    assert train(recipe("run", **keys, resume_from_checkpoint=True)).steps == 2


def test_a_lora_stage_keeps_it_beside_its_adapter(recipe, settings, finished, tmp_path):
    stage = train(recipe("lora", motion_prior=str(settings.out))).directory
    export_bundle(stage, tmp_path / "bundle", "mine", "1.0", adapter=True)
    assert (tmp_path / "bundle/llm/adapter").is_dir()
    assert load_motion_prior(tmp_path / "bundle/llm") is not None
    assert largest_difference_m(stage, tmp_path / "bundle") < 1e-3
