"""The YAML file of the guide's `chat` and `api`: which model, and how it samples words."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from training.recipe.keys.model import Template
from training.recipe.keys.section import Count, Section
from training.recipe.layers import read_layers
from training.recipe.validation import validated


class ChatRecipe(Section):
    """How to talk with a trained model.

    Attributes:
        model_name_or_path: Directory of a bundle, or of a finished stage.
        template: Chat template for a tokenizer that has none of its own.
        finetuning_type: How the model was trained; what its directory holds is what counts.
        temperature: Of sampling, at most 2; 0: the likeliest word always.
        top_p: Words are sampled from the likeliest of this total probability.
        seed: Of sampling; another each time where not given.
        max_new_tokens: Longest answer, in tokens.
        notes: How the keys were read.
    """

    title: ClassVar[str] = "chat"

    model_name_or_path: str
    template: Template | None = None
    finetuning_type: Literal["lora", "full", "freeze"] = "lora"
    temperature: Annotated[float, Field(ge=0, le=2)] = 0.0
    top_p: Annotated[float, Field(gt=0, le=1)] = 1.0
    seed: Annotated[int, Field(ge=0)] | None = None
    max_new_tokens: Count = 128
    notes: Annotated[tuple[str, ...], Field(strict=False)] = ()


def read_chat_recipe(path: Path, overrides: Sequence[str] = ()) -> ChatRecipe:
    """The chat recipe of a YAML file, with `base` and overrides as in `read_recipe`.

    Raises:
        InvalidField: A file that cannot be read, or the key that is wrong.
    """
    layers = read_layers(path, overrides, ChatRecipe.model_fields)
    recipe = validated(ChatRecipe, layers.keys)
    return recipe.model_copy(update={"notes": tuple(layers.notes)})
