"""The keys that the trainer and the machine under it follow."""

from training.recipe.keys.data import DataKeys
from training.recipe.keys.model import ModelKeys
from training.recipe.keys.optimisation import EvaluationKeys, TrainKeys
from training.recipe.keys.output import OutputKeys


class RunKeys(EvaluationKeys, TrainKeys, OutputKeys, DataKeys, ModelKeys):
    """The groups together."""
