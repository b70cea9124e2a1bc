"""transformers' Trainer around a corrector: exact accumulation, all terms logged, checkpoints as stage directories."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import Sampler
from transformers import PreTrainedTokenizerFast, Trainer, TrainerCallback, TrainerState, TrainingArguments

from training.loading.collation import Batch, ExampleCollator
from training.loading.examples import CorrectionExamples
from training.modeling.corrector import Corrector
from training.modeling.stage_checkpoint import LLM_DIRECTORY, save_stage
from training.running.evaluation import evaluate
from training.running.keyframe_sampler import KeyframeSampler
from training.running.machine_log import Throughput, peak_memory_mb
from training.running.step_window import StepWindow, weighted_sum
from training.running.term_log import TermLog


class CorrectionTrainer(Trainer):
    """Trains a corrector. How micro-batches and ranks add up is told in `step_window`.

    Args:
        corrector: What is trained.
        tokenizer: Is saved with it.
        arguments: Of transformers.
        weights: Of the loss's terms.
        training_stage: `pretrain`, `sft` or `full_finetune`.
        train_examples: To train on.
        eval_examples: To evaluate on, or None.
        callbacks: Beside transformers' own.
        run_notes: What `stage.json` keeps of the run, at the time of saving; JSON values.
        spread_keyframes: Whether the samples of a step come from different key frames where they can.
    """

    loss_is_scaled_for_ga = True

    def __init__(
        self,
        corrector: Corrector,
        tokenizer: PreTrainedTokenizerFast,
        arguments: TrainingArguments,
        weights: Mapping[str, float],
        training_stage: str,
        train_examples: CorrectionExamples,
        eval_examples: CorrectionExamples | None = None,
        callbacks: list[TrainerCallback] | None = None,
        run_notes: Callable[[TrainerState], Mapping[str, Any]] = lambda _: {},
        spread_keyframes: bool = True,
    ) -> None:
        super().__init__(
            model=corrector,
            args=arguments,
            data_collator=ExampleCollator(corrector.llm.config.pad_token_id),  # ty: ignore[invalid-argument-type]
            train_dataset=train_examples,
            eval_dataset=eval_examples,
            callbacks=callbacks,
        )
        self.weights = weights
        self._corrector, self._tokenizer = corrector, tokenizer
        self._training_stage, self._run_notes = training_stage, run_notes
        self._train_examples, self._spread_keyframes = train_examples, spread_keyframes
        self._window = StepWindow((), {})
        self._terms, self._throughput = TermLog(), Throughput()

    def _get_train_sampler(self, train_dataset: Any = None) -> Sampler[int] | None:
        if not self._spread_keyframes:
            return super()._get_train_sampler(train_dataset)
        arguments = self.args
        step_samples = arguments.train_batch_size * arguments.gradient_accumulation_steps * arguments.world_size
        seed = arguments.seed if arguments.data_seed is None else arguments.data_seed
        return KeyframeSampler(self._train_examples, step_samples, seed)

    def get_batch_samples(
        self, epoch_iterator: Iterator[Batch], num_batches: int, device: torch.device
    ) -> tuple[list[Batch], None]:
        """The micro-batches of the next optimizer step; keeps them as the window of the contrastive losses."""
        batches, _ = super().get_batch_samples(epoch_iterator, num_batches, device)
        self._window = StepWindow.of(batches, device)
        self._terms.step()
        self._throughput.step(self._window.samples)
        return batches, None

    def compute_loss(
        self,
        model: nn.Module,
        inputs: Batch,
        return_outputs: bool = False,
        num_items_in_batch: Tensor | int | None = None,
    ) -> Any:
        """The micro-batch's part of the step's loss."""
        last = self.accelerator.sync_gradients
        losses = model(inputs, self._window.micro_batches if last else ())
        terms = self._window.terms(losses)
        self._terms.add(terms)
        loss = weighted_sum(terms, self.weights)
        return (loss, losses) if return_outputs else loss

    def _prepare_input(self, data: Any) -> Any:
        """Moves to the device and casts nothing: waypoints and points need float32."""
        if isinstance(data, Mapping):
            return {name: self._prepare_input(value) for name, value in data.items()}
        if isinstance(data, list | tuple):
            return type(data)(self._prepare_input(value) for value in data)
        return data.to(self.args.device) if isinstance(data, Tensor) else data

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Adds terms, throughput and memory to a training line."""
        if "loss" in logs:
            logs = {**logs, **self._terms.drain(), **self._throughput.drain(), "peak_memory_mb": peak_memory_mb()}
        super().log(logs, start_time)

    def evaluate(
        self, eval_dataset: Any = None, ignore_keys: list[str] | None = None, metric_key_prefix: str = "eval"
    ) -> dict[str, float]:
        """Loss, terms, and mean distances of proposals and corrections from the truth; see `evaluation.evaluate`."""
        examples: Any = self.eval_dataset if eval_dataset is None else eval_dataset
        metrics = evaluate(self, self._corrector, examples, metric_key_prefix)
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        return metrics

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: nn.Module | None = None) -> None:
        """Nothing: `starting_point` loaded the checkpoint's stage, strictly."""

    def _load_best_model(self) -> None:
        """Nothing: `train` makes the best checkpoint's stage the run's."""

    def _save(self, output_dir: str | None = None, state_dict: Mapping[str, Tensor] | None = None) -> None:
        """Writes a stage directory; the next one links the base file from this one, which is kept longer."""
        directory = Path(str(output_dir or self.args.output_dir))
        save_stage(
            self._corrector, self._tokenizer, directory, self._training_stage, self._run_notes(self.state), state_dict
        )
        self._corrector.llm_source = directory / LLM_DIRECTORY
