"""The corrector and the tokenizer that a run begins with: a base model, the stage before, or a checkpoint."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from transformers import AutoTokenizer, PreTrainedTokenizerFast

from training.modeling.base_reference import BaseReference
from training.modeling.bases import prepare_base
from training.modeling.corrector import Corrector
from training.modeling.motion_prior import add_motion_prior
from training.modeling.stage_checkpoint import load_stage, load_tokenizer
from training.modeling.stage_info import is_stage
from training.modeling.starting import start_corrector
from training.modeling.trainable import make_trainable
from training.recipe.recipe import Recipe
from training.running.corrector_settings import corrector_settings
from training.running.encoders import first_perception
from training.running.run_directory import BASE_DIRECTORY
from waymend.errors import InvalidField


@dataclass(frozen=True, slots=True)
class StartingPoint:
    """Attributes:
    corrector: In training mode.
    tokenizer: Of its language model.
    """

    corrector: Corrector
    tokenizer: PreTrainedTokenizerFast


def starting_point(
    recipe: Recipe, checkpoint: Path | None, one_at_a_time: Callable[[Callable[[], object]], None]
) -> StartingPoint:
    """What a run begins with.

    Args:
        recipe: Of the run.
        checkpoint: That the run goes on from.
        one_at_a_time: Runs something in the first process alone, while the others wait.

    Raises:
        InvalidField: The base, stage or checkpoint does not fit the recipe.
        CheckpointError: The language model's tensors are not all there.
    """
    if checkpoint is not None:
        return _of_stage(recipe, checkpoint)
    model = Path(recipe.model_name_or_path)
    start = _of_stage(recipe, model) if is_stage(model) else _of_base(recipe, one_at_a_time)
    if recipe.motion_prior is not None:
        add_motion_prior(start.corrector.llm, recipe.motion_prior)
        make_trainable(start.corrector)
    return start


def _of_base(recipe: Recipe, one_at_a_time: Callable[[Callable[[], object]], None]) -> StartingPoint:
    base = recipe.output_dir / BASE_DIRECTORY
    one_at_a_time(lambda: prepare_base(recipe.model_name_or_path, base, template=recipe.template, seed=recipe.seed))
    perception, reference = first_perception(recipe), BaseReference.of(recipe.model_name_or_path)
    corrector = start_corrector(base, perception, corrector_settings(recipe), reference, recipe.seed)
    return StartingPoint(corrector, AutoTokenizer.from_pretrained(base))  # ty: ignore[invalid-argument-type]


def _of_stage(recipe: Recipe, directory: Path) -> StartingPoint:
    corrector = load_stage(directory, corrector_settings(recipe), recipe.seed)
    if recipe.vision_tower is not None and corrector.perception.vision_tower is None:
        raise InvalidField("vision_tower", f"null, as {directory} was trained without one", recipe.vision_tower)
    return StartingPoint(corrector, load_tokenizer(directory))
