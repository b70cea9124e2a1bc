"""The running statistics of batch normalisations, measured anew."""

from collections.abc import Iterable

import torch
from torch.nn.modules.batchnorm import _BatchNorm

from training.perceiving.learner import PerceptionLearner
from training.perceiving.training_batch import TrainingBatch


@torch.no_grad()
def measure_statistics(learner: PerceptionLearner, batches: Iterable[TrainingBatch]) -> None:
    """Replaces running means and variances by their averages over batches, in float32 and with the weights as they are.

    While a model trains, its running statistics mix those of the last few batches and of earlier weights; a service
    computes with them as if they were the data's (Wu and Johnson, "Rethinking 'Batch' in BatchNorm", 2021, section 3).
    """
    was_training = learner.training
    norms = [module for module in learner.modules() if isinstance(module, _BatchNorm)]
    momenta = [norm.momentum for norm in norms]
    learner.train()
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the plain average of all batches
    for batch in batches:
        learner(batch)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    learner.train(was_training)
