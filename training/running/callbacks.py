"""What happens beside training: examples learn the epoch, patience is counted, the log written, the bar shown."""

from pathlib import Path
from typing import Any

from transformers import (
    EarlyStoppingCallback,
    ProgressCallback,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
)

from training.loading.examples import CorrectionExamples
from training.running.run_log import RunLog

_SHOWN_ON_THE_BAR = ("loss", "loss_lm", "loss_traj", "loss_align", "loss_bev_text", "loss_bev_vector")


class EpochForExamples(TrainerCallback):
    """Tells examples the epoch, which their modality dropout is drawn by; accelerate's loaders do not with ranks."""

    def __init__(self, examples: CorrectionExamples) -> None:
        self._examples = examples

    def on_epoch_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """`state.epoch` is whole at the beginning of an epoch, and has a fraction when a run goes on within one."""
        self._examples.set_epoch(int(state.epoch or 0))


class EarlyStopping(EarlyStoppingCallback):
    """Counts on from where the checkpoint stood when a run goes on; how patient it is, its recipe says."""

    def on_train_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        super().on_train_begin(args, state, control)
        stored: Any = state.stateful_callbacks
        mine = stored.setdefault(type(self).__name__, self.state())
        self.early_stopping_patience_counter = mine["attributes"]["early_stopping_patience_counter"]


class LogFile(TrainerCallback):
    """One JSON object per log line, with `step`; when a run goes on, the lines after its checkpoint are dropped."""

    def __init__(self, path: Path) -> None:
        self._log = RunLog(path)

    def on_train_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        if state.is_world_process_zero:
            self._log.cut(state.global_step)

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, Any] | None = None,
        **_: Any,
    ) -> None:
        if state.is_world_process_zero:
            self._log.add({"step": state.global_step, **(logs or {})})


class ProgressBar(ProgressCallback):
    """transformers' bars, with the newest loss and its terms at the end of the training bar instead of lines."""

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, Any] | None = None,
        **_: Any,
    ) -> None:
        if self.training_bar is not None and logs and "loss" in logs:
            shown = {name.removeprefix("loss_"): logs[name] for name in _SHOWN_ON_THE_BAR if name in logs}
            self.training_bar.set_postfix({name: f"{value:.3g}" for name, value in shown.items()})
