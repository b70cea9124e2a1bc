"""A run from samples and a perception half to a perception half whose ego token foretells."""

import json
from dataclasses import replace

import pytest
import torch
import typer
from safetensors.torch import load_file
from typer.testing import CliRunner

from perception_service.models.config import PerceptionConfig
from perception_service.models.perception_model import PerceptionModel
from perception_service.models.presets import preset
from perception_service.models.weights import load_weights
from training.forecasting.commands import forecast
from training.forecasting.forecaster import MotionForecaster
from training.forecasting.frames import ForecastBatch, read_frames
from training.forecasting.settings import ForecastTraining
from training.forecasting.train import RECIPE_FILE, train_forecast
from training.loading.vectors import StopLineDropout
from waymend.errors import InvalidField
from waymend.trajectory import Horizon

CONFIG = PerceptionConfig.parse(preset("tiny"))


@pytest.fixture(scope="module")
def settings(samples, fresh_perception, tmp_path_factory):
    out = tmp_path_factory.mktemp("run") / "perception"
    return ForecastTraining(samples, fresh_perception, out, steps=4, batch_size=16)


@pytest.fixture(scope="module")
def finished(settings):
    return train_forecast(settings)


@pytest.fixture(scope="module")
def frames(samples):
    return read_frames(samples, "train", CONFIG, Horizon())


@pytest.fixture
def forecaster():
    torch.manual_seed(0)
    return MotionForecaster(PerceptionModel.from_config(preset("tiny")).vector_tokens, 256, Horizon(), seed=0)


def test_only_the_vector_encoder_changes(finished, settings):
    before, after = (load_file(path / "model.safetensors") for path in (settings.perception, finished.directory))
    changed = {name.split(".")[0] for name in before if not torch.equal(before[name], after[name])}
    assert before.keys() == after.keys()
    assert changed == {"vector_tokens"}


def test_the_half_can_be_loaded_and_tells_how_it_was_made(finished, settings):
    model = PerceptionModel.from_config(json.loads((finished.directory / "config.json").read_text()))
    load_weights(model, finished.directory / "model.safetensors")
    recipe = json.loads((finished.directory / RECIPE_FILE).read_text())
    assert recipe["settings"]["steps"] == 4
    assert recipe["val_error_m"] == finished.error_m
    assert (finished.directory / "recipe.json").read_text() == "{}"
    log = [json.loads(line) for line in (finished.directory / "forecast_log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in log] == [1, 2, 3, 4]
    assert finished.error_m == min(line["val_error_m"] for line in log)


def test_equal_settings_give_equal_weights(finished, settings, tmp_path):
    again = train_forecast(replace(settings, out=tmp_path / "again"))
    first, second = (load_file(run.directory / "model.safetensors") for run in (finished, again))
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_the_future_of_a_few_key_frames_can_be_learnt(forecaster, frames):
    batch = ForecastBatch.of(frames[::3])
    optimizer = torch.optim.AdamW(forecaster.parameters(), 2e-3)
    errors = []
    for _ in range(120):
        loss, error_m = forecaster.loss(batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        errors.append(float(error_m))
    assert errors[-1] < 0.4 * errors[0]


def test_a_forecast_depends_on_the_surroundings_and_the_route(forecaster, frames):
    batch = ForecastBatch.of(frames[:1])
    offset_m, _ = forecaster(batch)
    nobody = replace(batch.vectors, agent_mask=torch.zeros_like(batch.vectors.agent_mask))
    for changed in (replace(batch, vectors=nobody), replace(batch, command=batch.command.roll(1, -1))):
        assert (forecaster(changed)[0] - offset_m).abs().max() > 1e-4


def test_frames_are_read_without_what_is_hidden(samples, frames):
    hidden = read_frames(samples, "train", CONFIG, Horizon(), StopLineDropout(1.0))
    told, left = (sum(int(frame.vectors.polyline_mask.sum()) for frame in all_of) for all_of in (frames, hidden))
    assert left < told


def test_a_run_hides_stop_lines_as_it_is_told(finished, settings, tmp_path):
    hiding = train_forecast(replace(settings, out=tmp_path / "hiding", stop_line_dropout=1.0))
    assert hiding.ctra_error_m == finished.ctra_error_m
    assert hiding.error_m != finished.error_m
    assert json.loads((hiding.directory / RECIPE_FILE).read_text())["settings"]["stop_line_dropout"] == 1.0


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"steps": 0}, "steps"),
        ({"learning_rate": 0.0}, "learning_rate"),
        ({"stop_line_dropout": 1.5}, "stop_line_dropout"),
    ],
)
def test_wrong_settings_are_refused(settings, change, field):
    with pytest.raises(InvalidField) as refused:
        replace(settings, **change)
    assert refused.value.field == field


def test_the_command_refuses_a_directory_that_holds_something(finished, settings):
    app = typer.Typer()
    app.command()(forecast)
    given = ["--data", settings.data, "--perception", settings.perception, "--out", finished.directory, "--steps", 1]
    result = CliRunner().invoke(app, list(map(str, given)))
    assert result.exit_code == 1
    assert "out: expected a new or empty directory" in result.output
