"""What a run logs: every term, their sum, throughput and memory; in files, TensorBoard and a picture."""

import json
from importlib.util import find_spec
from pathlib import Path

import pytest
from transformers import TrainerControl, TrainerState, TrainingArguments

from training.recipe.reading import read_recipe, recipe_from
from training.running.callbacks import LogFile
from training.running.plot import curve, plot_run, read_log
from training.running.run_directory import LOG_FILE, PLOT_FILE, RECIPE_FILE
from training.running.train import TrainResult, train
from waymend.errors import InvalidField

KEYS = {
    "max_steps": 4,
    "logging_steps": 2,
    "per_device_train_batch_size": 2,
    "gradient_accumulation_steps": 2,
    "max_samples": 30,
    "val_size": 0.34,
    "eval_strategy": "steps",
    "eval_steps": 4,
    "per_device_eval_batch_size": 4,
    "modality_dropout": 0.0,
    "plot_loss": True,
    "report_to": "tensorboard" if find_spec("tensorboard") else "none",
}
TERMS = ("lm", "traj", "align", "bev_text", "bev_vector")


@pytest.fixture(scope="module")
def result(small_keys, tmp_path_factory) -> TrainResult:
    out = tmp_path_factory.mktemp("logged") / "run"
    return train(recipe_from({**small_keys, **KEYS, "output_dir": str(out)}))


@pytest.fixture(scope="module")
def weights(result: TrainResult, small_keys) -> dict[str, float]:
    return recipe_from({**small_keys, "output_dir": "out"}).loss_weights


def test_the_weighted_sum_of_the_terms_is_the_loss(result, weights):
    lines = [line for line in result.log if "loss" in line]
    assert [line["step"] for line in lines] == [1, 2, 4]
    for line in lines:
        assert sum(weights[name] * line[f"loss_{name}"] for name in TERMS) == pytest.approx(line["loss"], rel=1e-5)


def test_evaluation_has_every_term_their_sum_and_distances(result, weights):
    (line,) = [line for line in result.log if "eval_loss" in line]
    total = sum(weights[name] * line[f"eval_loss_{name}"] for name in TERMS)
    assert total == pytest.approx(line["eval_loss"], rel=1e-5)
    assert line["eval_l2_before_m"] > 0.3
    assert line["eval_l2_after_m"] > 0
    assert line["eval_samples_per_second"] > 0


def test_a_line_says_how_fast_and_with_how_much_memory(result):
    first, *_ = result.log
    assert first["samples_per_second"] > 0
    assert 100 < first["peak_memory_mb"] < 100_000
    assert first["learning_rate"] == 1e-3
    assert first["grad_norm"] > 0


def test_the_log_file_holds_the_same_lines(result):
    lines = [json.loads(line) for line in (result.directory / LOG_FILE).read_text().splitlines()]
    assert lines == list(result.log)


def test_the_recipe_beside_the_stage_reads_back(result):
    written = read_recipe(result.directory / RECIPE_FILE)
    assert (written.max_steps, written.val_size, written.output_dir) == (4, 0.34, result.directory)


@pytest.mark.skipif(find_spec("tensorboard") is None, reason="tensorboard is not installed")
def test_tensorboard_gets_every_term(result):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    (file,) = Path(result.directory).rglob("events.out.tfevents.*")
    events = EventAccumulator(str(file))
    events.Reload()
    scalars = set(events.Tags()["scalars"])
    assert {f"train/loss_{name}" for name in TERMS} | {f"eval/loss_{name}" for name in TERMS} <= scalars
    assert [event.step for event in events.Scalars("train/loss")] == [1, 2, 4]


def test_a_log_whose_last_line_was_cut_short_is_read_and_goes_on(result, tmp_path):
    whole = (result.directory / LOG_FILE).read_text()
    path = tmp_path / LOG_FILE
    path.write_text(whole + '{"step": 5, "lo')
    assert read_log(tmp_path) == list(result.log)
    arguments, state = TrainingArguments(output_dir=str(tmp_path)), TrainerState(global_step=2)
    LogFile(path).on_train_begin(arguments, state, TrainerControl())
    assert path.read_text() == "".join(whole.splitlines(keepends=True)[:2])


def test_the_picture_has_a_panel_for_each_term(result):
    picture = result.directory / PLOT_FILE
    assert picture.read_bytes().startswith(b"\x89PNG")
    picture.unlink()
    assert plot_run(result.directory) == picture
    assert picture.is_file()


def test_a_curve_has_the_steps_at_which_a_term_was_logged(result):
    log = read_log(result.directory)
    assert curve(log, "loss_align")[0] == [1, 2, 4]
    assert curve(log, "eval_loss")[0] == [4]


def test_a_directory_without_a_log_cannot_be_drawn(tmp_path):
    with pytest.raises(InvalidField, match=LOG_FILE):
        plot_run(tmp_path)
