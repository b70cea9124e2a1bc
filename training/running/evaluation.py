"""A pass over evaluation examples."""

import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader
from transformers import TrainingArguments
from transformers.trainer_utils import speed_metrics

from training.loading.collation import Batch
from training.loading.examples import CorrectionExamples
from training.loading.keyframe_order import spread_order
from training.modeling.corrector import Corrector
from training.modeling.losses import LOSS_NAMES
from training.running.evaluation_totals import EvaluationTotals
from training.running.rank_batches import RankBatches, rank_batches
from training.running.step_window import weighted_sum

if TYPE_CHECKING:
    from training.running.trainer import CorrectionTrainer

_ORDER_SEED = 0


def evaluate(
    trainer: "CorrectionTrainer", corrector: Corrector, examples: CorrectionExamples, prefix: str
) -> dict[str, float]:
    """Metrics over all ranks; each sample counts once, however many ranks there are. Every rank must call it.

    `<prefix>_loss_lm` is a mean over tokens and `_loss_traj` over samples. A contrastive term depends on how many
    samples are compared: it is computed over as many as an optimizer step has, and averaged over such windows, whose
    samples come from different key frames where they can.
    `<prefix>_loss` is the weighted sum. `<prefix>_l2_before_m` and `_l2_after_m` are the mean distances of proposals
    and of corrections from the truth, over samples and waypoints, metres; the latter where the trajectory is trained.

    Args:
        trainer: Gives the model as it is distributed, and the arguments.
        corrector: The model itself.
        examples: To evaluate on.
        prefix: Of all names.
    """
    began_s = time.time()
    arguments = trainer.args
    ranked = _ranked(arguments, examples)
    totals = EvaluationTotals()
    model: nn.Module = trainer.model_wrapped  # ty: ignore[invalid-assignment]
    model.eval()
    with torch.no_grad(), trainer.compute_loss_context_manager(), _head_numbers(corrector) as numbers:
        for window in _windows(trainer, examples, ranked):
            _evaluate_window(trainer, model, corrector, window, numbers, totals)
    terms = totals.terms(arguments.device)
    losses = {name: torch.tensor(terms[name]) for name in LOSS_NAMES if name in terms}
    metrics = {"loss": float(weighted_sum(losses, trainer.weights))}
    metrics |= {f"loss_{name}": terms[name] for name in losses}
    metrics |= {name: terms[name] for name in ("l2_before_m", "l2_after_m") if name in terms}
    speed = speed_metrics(prefix, began_s, num_samples=len(examples))
    return {f"{prefix}_{name}": value for name, value in metrics.items()} | speed


def _evaluate_window(
    trainer: "CorrectionTrainer",
    model: nn.Module,
    corrector: Corrector,
    window: Sequence[Batch],
    numbers: list[Tensor],
    totals: EvaluationTotals,
) -> None:
    compared = [_unseen(batch) if batch["filler"] else batch for batch in window]
    samples = sum(len(batch["labels"]) for batch in window if not batch["filler"])
    for index, batch in enumerate(window):
        losses = model(batch, compared if index == len(window) - 1 else ())
        if not batch["filler"]:
            totals.add_losses(losses.examples)
            predicted_m = corrector.read_numbers(numbers[-1], batch)[0] if numbers else None
            totals.add_distances(batch["offset_m"], predicted_m)
        totals.add_alignment(losses.alignment, samples)
        numbers.clear()
        handler = trainer.callback_handler
        trainer.control = handler.on_prediction_step(trainer.args, trainer.state, trainer.control)


def _windows(trainer: "CorrectionTrainer", examples: CorrectionExamples, ranked: RankBatches) -> Iterator[list[Batch]]:
    """Batches on the device, as many at a time as hold an optimizer step's samples of this rank."""
    arguments, size = trainer.args, _window_batches(trainer.args)
    # A generator of its own: the random numbers of training go on as if there had been no evaluation.
    loader = DataLoader(
        examples,
        batch_sampler=ranked.batches,
        collate_fn=trainer.data_collator,
        num_workers=arguments.dataloader_num_workers,
        generator=torch.Generator(),
    )
    trainer.callback_handler.eval_dataloader = loader
    window: list[Batch] = []
    for index, batch in enumerate(loader):
        last = index == len(ranked.batches) - 1
        window.append({**trainer._prepare_inputs(batch), "filler": last and ranked.filler})
        if last or len(window) == size:
            yield window
            window = []


def _ranked(arguments: TrainingArguments, examples: CorrectionExamples) -> RankBatches:
    batch_size, ranks = arguments.per_device_eval_batch_size, arguments.world_size
    window = _window_batches(arguments) * batch_size * ranks
    order = spread_order(examples.keyframes, window, np.random.default_rng(_ORDER_SEED))
    return rank_batches(order.tolist(), batch_size, arguments.process_index, ranks)


def _window_batches(arguments: TrainingArguments) -> int:
    """Evaluation batches that hold the samples of one rank in an optimizer step."""
    step_samples = arguments.per_device_train_batch_size * arguments.gradient_accumulation_steps
    return -(-step_samples // arguments.per_device_eval_batch_size)


@contextmanager
def _head_numbers(corrector: Corrector) -> Generator[list[Tensor]]:
    """What the trajectory head puts out within the block; the model's forward pass returns losses alone."""
    numbers: list[Tensor] = []
    hook = corrector.llm.trajectory_head.register_forward_hook(lambda _, __, output: numbers.append(output))
    try:
        yield numbers
    finally:
        hook.remove()


def _unseen(batch: Batch) -> Batch:
    """The batch with no modality in it, so that no contrastive loss compares its samples."""
    return {**batch, "modality_present": torch.zeros_like(batch["modality_present"])}
