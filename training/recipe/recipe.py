"""A run's recipe."""

from typing import Annotated, Any, ClassVar

from pydantic import Field

from training.recipe.keys.data import DataKeys
from training.recipe.keys.losses import LossKeys
from training.recipe.keys.method import LORA_KEYS, MethodKeys
from training.recipe.keys.model import ModelKeys
from training.recipe.keys.optimisation import EvaluationKeys, TrainKeys
from training.recipe.keys.output import OutputKeys
from training.recipe.keys.run import RunKeys
from training.recipe.keys.scene import SceneKeys
from training.recipe.keys.section import Section
from training.recipe.modalities import LOSS_MODALITIES
from training.recipe.perception import perception_config
from training.recipe.training_arguments import training_arguments
from training.recipe.yaml_text import write_mapping
from waymend.vocabulary import MODALITIES

SECTIONS: tuple[type[Section], ...] = (
    ModelKeys,
    MethodKeys,
    DataKeys,
    OutputKeys,
    TrainKeys,
    EvaluationKeys,
    LossKeys,
    SceneKeys,
)


class Recipe(SceneKeys, LossKeys, MethodKeys, RunKeys):
    """All keys of a run, each a flat attribute; `reading` makes one whose keys agree with each other.

    The grid keys always hold the grid of `perception`, and both switches of a modality the same.

    Attributes:
        notes: How the keys were read: renamed, without effect, ignored with the reason, or worth knowing.
    """

    title: ClassVar[str] = "notes"

    notes: Annotated[tuple[str, ...], Field(strict=False)] = ()

    @property
    def modalities(self) -> tuple[str, ...]:
        """Names of the enabled modalities, in the order of `waymend.vocabulary.MODALITIES`."""
        return tuple(name for name in MODALITIES if getattr(self.enable_modalities, name))

    @property
    def loss_weights(self) -> dict[str, float]:
        """Weight by term (`lm`, `traj`, `align`, `bev_text`, `bev_vector`) of those above 0 with enabled modalities."""
        weights = {term: getattr(self, f"{term}_loss_weight") for term in LOSS_MODALITIES}
        return {
            term: weight
            for term, weight in weights.items()
            if weight > 0 and set(LOSS_MODALITIES[term]) <= set(self.modalities)
        }

    def perception_config(self) -> dict[str, Any]:
        """Configuration of the perception half, as `PerceptionConfig.parse` reads it."""
        return perception_config(self.perception)

    def training_arguments(self) -> dict[str, Any]:
        """Keyword arguments of the installed `transformers.TrainingArguments`.

        Raises:
            InvalidField: The recipe wants what this machine lacks.
        """
        return training_arguments(self)

    def resolved_yaml(self) -> str:
        """Every key that has an effect, with its value; reads back as an equal recipe."""
        values = self.model_dump(mode="json")
        absent = self._without_effect()
        sections = []
        for section in SECTIONS:
            keys = {name: values[name] for name in section.model_fields if name not in absent}
            sections.append(f"### {section.title}\n{write_mapping(keys)}")
        return "\n".join([*sections, f"### {self.title}\n{write_mapping({'notes': values['notes']})}"])

    def _without_effect(self) -> set[str]:
        absent = set() if self.finetuning_type == "lora" else set(LORA_KEYS)
        return absent if self.finetuning_type == "freeze" else absent | {"freeze_trainable_layers"}
