"""Which model training starts from, and how the parts of it that are not trained are held."""

from typing import ClassVar, Literal

from training.recipe.keys.section import PathKey, Section

Template = Literal["chatml", "smollm2", "llama2"]
BUILT_IN = "builtin:"
BUILT_IN_BASES = ("tiny",)


class ModelKeys(Section):
    """The model that training starts from.

    Attributes:
        model_name_or_path: `builtin:tiny`, a Llama (hub id or directory), or the directory of a finished stage.
        dtype: Of frozen weights. What is trained is float32 always. (`torch_dtype` in older files.)
        quantization_bit: Bits of the frozen Llama's linears under LoRA (QLoRA); None: not quantised.
        template: Chat template for a tokenizer that has none of its own; None: the base's, where it is known.
        motion_prior: Directory of a motion prior (`python -m training motion`) that the model gets before its first
            step; None: it has one if what training starts from has one.
    """

    title: ClassVar[str] = "model"

    model_name_or_path: str
    dtype: Literal["float32", "float16", "bfloat16"] = "float32"
    quantization_bit: Literal[4, 8] | None = None
    template: Template | None = None
    motion_prior: PathKey | None = None

    @property
    def base_preset(self) -> str | None:
        """`tiny` for `builtin:tiny`; None for a base that is not built in."""
        name = self.model_name_or_path
        return name.removeprefix(BUILT_IN) if name.startswith(BUILT_IN) else None
