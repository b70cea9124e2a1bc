"""The language models that a run may start from, and what is known of them."""

from dataclasses import dataclass

BUILTIN_TINY = "builtin:tiny"


@dataclass(frozen=True, slots=True)
class BasePreset:
    """A base model.

    Attributes:
        source: Hub id, directory or `builtin:tiny`, as `model_name_or_path` has it.
        template: Chat template for a tokenizer that has none of its own; None where that is an error.
        revision: Commit on the hub that is loaded; None takes the newest, and of a directory what is there.
        from_scratch: The base is untrained, so its embeddings train in every stage, LoRA or not.
        hint: What one should know before using it.
    """

    source: str
    template: str | None = None
    revision: str | None = None
    from_scratch: bool = False
    hint: str = ""


PRESETS = (
    BasePreset(
        BUILTIN_TINY,
        from_scratch=True,
        hint="1.8 million parameters with a tokenizer of its own; untrained; for a CPU, tests and demonstrations",
    ),
    BasePreset(
        "HuggingFaceTB/SmolLM2-135M-Instruct",
        template="smollm2",
        revision="12fd25f77366fa6b3b4b768ec3050bf629380bac",
        hint="135 million parameters, Apache-2.0; trains on a CPU in hours",
    ),
    BasePreset(
        "meta-llama/Llama-2-7b-chat-hf",
        template="llama2",
        revision="f5db02db724555f92da89c216ac04704f23d4590",
        hint="7 billion parameters, Llama 2 Community License: accept it on the hub and log in (`hf auth login`)",
    ),
)


def base_preset(source: str) -> BasePreset:
    """The preset of a source; any other Llama gets one without a template and a revision."""
    return next((preset for preset in PRESETS if preset.source == source), BasePreset(source))
