"""A run from samples to a perception half."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
import typer
from typer.testing import CliRunner

from perception_service.bundle import CONFIG_FILE, WEIGHTS_FILE, load_perception_model
from training.perceiving.batches import batches, shuffled_batches
from training.perceiving.checkpoint import CHECKPOINT_FILE
from training.perceiving.commands import perception
from training.perceiving.learner import TERMS, PerceptionLearner, weighted_sum
from training.perceiving.outcome import RECIPE_FILE, start_directory
from training.perceiving.schedule import learning_rate_factor
from training.perceiving.statistics import measure_statistics
from training.perceiving.train import train_perception
from training.perceiving.trainer import PerceptionTrainer
from training.recipe.perception import perception_config
from training.running.run_directory import LOG_FILE, PLOT_FILE
from waymend.errors import InvalidField

TRAINED = (
    "img_backbone",
    "img_neck",
    "view_transform",
    "pts_middle_encoder",
    "fusion_layer",
    "pts_backbone",
    "pts_neck",
    "bbox_head",
)


@pytest.fixture(scope="module")
def finished(four_steps):
    return four_steps, train_perception(four_steps)


@pytest.fixture(scope="module")
def two_frames(small_frames):
    return next(batches(small_frames, iter([[0, 5]]), workers=0))


def log_of(directory) -> list[dict]:
    return [json.loads(line) for line in (directory / LOG_FILE).read_text().splitlines()]


def test_each_loss_reaches_the_parts_that_it_is_for(two_frames, small_config):
    learner = PerceptionLearner(small_config, seed=0).train()
    terms = learner.losses(learner(two_frames), two_frames)
    assert tuple(terms) == TERMS
    reached = {name: _reached(learner, terms[name]) for name in ("heatmap", "box", "bev", "image")}
    features = set(TRAINED) - {"bbox_head"}
    assert reached["heatmap"] == reached["box"] == set(TRAINED)
    assert reached["bev"] == features
    assert reached["image"] == {"img_backbone", "img_neck"}


def test_few_frames_are_learned(small_frames, small_config, settings):
    learner = PerceptionLearner(small_config, seed=0).train()
    trainer = PerceptionTrainer(replace(settings, steps=24), learner)
    start_directory(settings.out)
    trainer.run(batches(small_frames, shuffled_batches(len(small_frames), 2, seed=1, steps=24), workers=0))
    *_, last = log_of(settings.out)
    first = log_of(settings.out)[0]
    assert last["step"] == 24
    assert last["loss"] < 0.7 * first["loss"]
    for name in ("heatmap", "box", "bev", "image"):
        assert last[f"loss_{name}"] < first[f"loss_{name}"], name


def test_the_perception_half_is_what_a_recipe_reads(finished, small_config):
    settings, result = finished
    model = load_perception_model(settings.out / WEIGHTS_FILE)
    assert perception_config(str(settings.out)) == small_config
    assert json.loads((settings.out / CONFIG_FILE).read_text()) == model.config.document()
    assert result.steps == 4
    assert {path.name for path in settings.out.iterdir()} == {
        CONFIG_FILE,
        WEIGHTS_FILE,
        LOG_FILE,
        PLOT_FILE,
        RECIPE_FILE,
    }


def test_bevfusion_has_changed_and_token_makers_have_not(finished, small_config):
    settings, _ = finished
    trained = load_perception_model(settings.out / WEIGHTS_FILE).state_dict()
    fresh = PerceptionLearner(small_config, settings.seed).model.state_dict()
    assert trained.keys() == fresh.keys()
    same = {name for name, tensor in trained.items() if torch.equal(tensor, fresh[name])}
    geometry = {f"bevfusion.view_transform.{name}" for name in ("dx", "bx", "nx", "frustum")}
    assert same >= {name for name in trained if not name.startswith("bevfusion.")} | geometry
    assert all(f"bevfusion.{part}." in " ".join(trained.keys() - same) for part in TRAINED)


def test_equal_seeds_give_equal_files(finished, settings):
    first, _ = finished
    train_perception(replace(settings, workers=1))
    weights = (settings.out / WEIGHTS_FILE).read_bytes()
    assert weights == (first.out / WEIGHTS_FILE).read_bytes()
    assert _losses(settings.out) == _losses(first.out)


def test_an_interrupted_run_ends_where_an_uninterrupted_one_does(finished, small_frames, small_config, settings):
    uninterrupted, _ = finished
    start_directory(settings.out)
    learner = PerceptionLearner(small_config, settings.seed)

    def three_batches():
        order = shuffled_batches(len(small_frames), 2, settings.seed, steps=3)
        yield from batches(small_frames, order, workers=0)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        PerceptionTrainer(settings, learner).run(three_batches())
    assert (settings.out / CHECKPOINT_FILE).is_file()

    result = train_perception(settings, resume=True)
    assert result.steps == 4
    assert (settings.out / WEIGHTS_FILE).read_bytes() == (uninterrupted.out / WEIGHTS_FILE).read_bytes()
    assert not (settings.out / CHECKPOINT_FILE).exists()


def test_the_recipe_tells_how_it_came_about(finished):
    settings, result = finished
    recipe = json.loads((settings.out / RECIPE_FILE).read_text())
    assert recipe["settings"]["seed"] == 7
    assert recipe["settings"]["data"] == str(settings.data)
    assert len(recipe["data_sha256"]) == 64
    assert recipe["steps"] == 4
    assert recipe["validation"] == result.validation
    assert {"loss", "iou_bev_drivable_area", "iou_image_vehicle", "recall"} <= recipe["validation"].keys()
    assert 0 <= recipe["validation"]["iou_bev_drivable_area"] <= 1


def test_statistics_are_those_of_the_data_with_the_weights_as_they_are(two_frames, small_config):
    learner = PerceptionLearner(small_config, seed=0).train()
    seen = []
    norm = learner.model.bevfusion.fusion_layer[1]
    norm.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].detach()))
    norm.running_mean.fill_(1e6)
    measure_statistics(learner, [two_frames, two_frames])
    torch.testing.assert_close(norm.running_mean, seen[0].mean((0, 2, 3)), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(norm.running_var, seen[0].var((0, 2, 3)), rtol=1e-3, atol=1e-4)
    assert norm.momentum == 0.1


def test_served_features_are_those_of_training(two_frames, small_config):
    """With measured statistics, the evaluation mode makes of the same batch nearly what the training mode does."""
    learner = PerceptionLearner(small_config, seed=0)
    measure_statistics(learner, [two_frames])
    with torch.no_grad():
        training, serving = (learner.train(mode)(two_frames) for mode in (True, False))
    difference = (training.bev - serving.bev).abs().mean() / training.bev.std()
    assert float(difference) < 0.02


def test_the_rate_warms_up_and_falls():
    rates = [learning_rate_factor(progress) for progress in np.linspace(0, 1, 101)]
    assert [rates[0], rates[5], rates[-1]] == pytest.approx([0.05, 1.0, 0.01])
    assert (np.diff(rates[:6]) > 0).all()
    assert (np.diff(rates[5:]) < 0).all()


def test_minutes_end_a_run(settings, small_frames, small_config):
    start_directory(settings.out)
    learner = PerceptionLearner(small_config, seed=0)
    trainer = PerceptionTrainer(replace(settings, steps=None, minutes=0.01), learner)
    trainer.run(batches(small_frames, shuffled_batches(len(small_frames), 2, seed=1), workers=0))
    assert trainer.state.seconds >= 0.6
    assert 1 <= trainer.state.steps < 20


def test_wrong_input_is_refused_by_name(settings, samples):
    with pytest.raises(InvalidField, match="steps: expected either steps or minutes"):
        replace(settings, minutes=3.0)
    with pytest.raises(InvalidField, match="learning_rate"):
        replace(settings, learning_rate=float("nan"))
    with pytest.raises(InvalidField, match="perception: expected one of tiny"):
        train_perception(replace(settings, preset="tiney"))
    with pytest.raises(InvalidField, match=r"summary\.json"):
        train_perception(replace(settings, data=samples / "nowhere"))
    with pytest.raises(InvalidField, match=f"resume.*{CHECKPOINT_FILE}"):
        train_perception(settings, resume=True)


def test_a_directory_that_holds_something_is_not_written_over(finished):
    settings, _ = finished
    with pytest.raises(InvalidField, match="out: expected a new or empty directory"):
        train_perception(settings)


def test_the_command_trains_and_says_how_well(settings):
    app = typer.Typer()
    app.command()(perception)
    where = ["--data", str(settings.data), "--out", str(settings.out), "--preset", settings.preset]
    given = [*where, "--steps", "1", "--batch-size", "2", "--workers", "0"]
    trained = CliRunner().invoke(app, given)
    assert trained.exit_code == 0, trained.output
    assert "val iou_bev_drivable_area" in trained.output
    again = CliRunner().invoke(app, given)
    assert (again.exit_code, "out: expected a new or empty directory" in again.output) == (1, True)


def _reached(learner: PerceptionLearner, term: torch.Tensor) -> set[str]:
    learner.zero_grad()
    weighted_sum({"bev": term}).backward(retain_graph=True)
    bevfusion = learner.model.bevfusion
    return {
        part
        for part in TRAINED
        if any(p.grad is not None and p.grad.any() for p in bevfusion.get_submodule(part).parameters())
    }


def _losses(directory) -> list[float]:
    return [line["loss"] for line in log_of(directory)]
