"""The commands in a terminal."""

import pytest
import typer
from typer.testing import CliRunner

from training.running import commands
from training.running.run_directory import prepare_run_directory

runner = CliRunner()


@pytest.fixture
def app() -> typer.Typer:
    app = typer.Typer()
    app.command()(commands.train)
    app.command()(commands.plot)
    return app


def test_a_configuration_with_overrides_is_trained_and_drawn(app, small_recipe, tmp_path):
    config = tmp_path / "recipe.yaml"
    config.write_text(small_recipe().resolved_yaml(), encoding="utf-8")
    trained = runner.invoke(app, ["train", str(config), "max_steps=1", "max_samples=2"])
    assert trained.exit_code == 0, trained.output
    assert f"{tmp_path / 'run'}: 1 steps, mean loss" in trained.output.replace("\n", " ")
    drawn = runner.invoke(app, ["plot", str(tmp_path / "run")])
    assert (drawn.exit_code, drawn.output.strip()) == (0, str(tmp_path / "run" / "loss.png"))


def test_wrong_input_ends_with_one_line(app, small_recipe, tmp_path):
    recipe = small_recipe()
    prepare_run_directory(recipe)
    config = tmp_path / "run" / "recipe.yaml"
    refused = runner.invoke(app, ["train", str(config), "learning_rte=1"])
    assert (refused.exit_code, "learning_rate" in refused.output) == (1, True)
    refused = runner.invoke(app, ["train", str(config)])
    assert (refused.exit_code, "overwrite_output_dir=true" in refused.output) == (1, True)
    refused = runner.invoke(app, ["plot", str(tmp_path)])
    assert (refused.exit_code, "training_log.jsonl" in refused.output) == (1, True)
