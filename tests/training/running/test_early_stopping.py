"""Evaluations without a better one are counted over an interruption."""

from pathlib import Path
from typing import Any

import pytest
from transformers import TrainerControl, TrainerState, TrainingArguments

from training.running.callbacks import EarlyStopping

WORSE = {"eval_loss": 2.0}


def callbacks_of(state: TrainerState) -> Any:
    """A mapping, which transformers makes of the list that it declares."""
    return state.stateful_callbacks


@pytest.fixture
def arguments(tmp_path: Path) -> TrainingArguments:
    return TrainingArguments(
        output_dir=str(tmp_path), eval_strategy="steps", eval_steps=1, metric_for_best_model="loss", use_cpu=True
    )


@pytest.fixture
def stored(arguments: TrainingArguments, tmp_path: Path) -> Path:
    """The state at a checkpoint, after one evaluation that was worse than the best."""
    stopping, control = EarlyStopping(3), TrainerControl()
    state = TrainerState(best_metric=1.0, stateful_callbacks=[stopping])
    stopping.on_train_begin(arguments, state, control)
    stopping.on_evaluate(arguments, state, control, WORSE)
    callbacks_of(state)["EarlyStopping"] = stopping.state()  # As Trainer does when it saves.
    state.save_to_json(str(tmp_path / "trainer_state.json"))
    return tmp_path / "trainer_state.json"


@pytest.mark.parametrize(("patience", "more"), [(3, 2), (2, 1), (4, 3)])
def test_a_run_that_goes_on_counts_on_with_the_patience_of_its_recipe(arguments, stored, patience, more):
    stopping, control, state = EarlyStopping(patience), TrainerControl(), TrainerState.load_from_json(str(stored))
    stopping.on_train_begin(arguments, state, control)
    for evaluations in range(1, more + 1):
        stopping.on_evaluate(arguments, state, control, WORSE)
        assert control.should_training_stop is (evaluations == more)


def test_a_run_that_goes_on_from_one_without_patience_begins_to_count(arguments):
    stopping, control, state = EarlyStopping(1), TrainerControl(), TrainerState(best_metric=1.0)
    stopping.on_train_begin(arguments, state, control)
    assert callbacks_of(state)["EarlyStopping"] == stopping.state()
    stopping.on_evaluate(arguments, state, control, WORSE)
    assert control.should_training_stop
