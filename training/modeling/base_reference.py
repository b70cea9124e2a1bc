"""Which language model a stage's weights come from, told on from stage to stage."""

from dataclasses import dataclass

from training.modeling.base_presets import base_preset


@dataclass(frozen=True, slots=True)
class BaseReference:
    """Attributes:
    name: `builtin:tiny`, a hub id or a directory.
    revision: Commit on the hub.
    from_scratch: It was untrained, so its embeddings train in every stage.
    """

    name: str
    revision: str | None = None
    from_scratch: bool = False

    @classmethod
    def of(cls, source: str) -> "BaseReference":
        """The reference of a `model_name_or_path` that names a base model."""
        preset = base_preset(source)
        return cls(source, preset.revision, preset.from_scratch)
