"""Names that keys had elsewhere, keys that are accepted without effect, and hints for names that are neither."""

from collections.abc import Callable, Collection, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from waymend.errors import InvalidField

RENAMED = {
    "evaluation_strategy": "eval_strategy",
    "torch_dtype": "dtype",
    "freeze_language_model": "freeze_llm",
    "early_stopping_steps": "early_stopping_patience",
}
"""Today's name by the name in older transformers or in LLaMA-Factory."""

MODEL_NAME = "trajectory_llama"
"""The one custom model that LLaMA-Factory was told of."""

_WITHOUT_EFFECT: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "use_custom_model": ("true: there is no other model", lambda given: given is True),
    "custom_model_name": (MODEL_NAME, lambda given: given == MODEL_NAME),
    "custom_model_path": ("text", lambda given: isinstance(given, str)),
    "custom_trainer_path": ("text", lambda given: isinstance(given, str)),
    "use_fast_tokenizer": ("true: every tokenizer is a fast one", lambda given: given is True),
    "do_train": ("true: the command says what is done", lambda given: given is True),
}
"""What is expected of each key that only told LLaMA-Factory where our parts are, or that has one possible value."""


def current_keys(given: Mapping[str, Any], names: Collection[str]) -> tuple[dict[str, Any], list[str]]:
    """Keys by today's names, less those without effect, and a note on each that is not taken as it was written.

    Args:
        given: Keys and values of one file, or of the overrides.
        names: Today's names.

    Raises:
        InvalidField: An unknown name, the same key by two names, or a value that a key without effect cannot have.
    """
    keys: dict[str, Any] = {}
    notes: list[str] = []
    for name, value in given.items():
        if name in _WITHOUT_EFFECT:
            _check_without_effect(name, value)
            notes.append(f"{name} has no effect")
            continue
        current = _current_name(name, names)
        if current in keys:
            raise InvalidField(name, f"one key: this is {current} by another name", "both")
        if current != name:
            notes.append(f"{name} is read as {current}")
        keys[current] = value
    return keys, notes


def _check_without_effect(name: str, given: Any) -> None:
    expected, accepts = _WITHOUT_EFFECT[name]
    if not accepts(given):
        raise InvalidField(name, expected, given)


def _current_name(name: str, names: Collection[str]) -> str:
    current = RENAMED.get(name, name)
    if current not in names:
        raise InvalidField(name, instead_of(name, names, [*RENAMED, *_WITHOUT_EFFECT]), "an unknown key")
    return current


def instead_of(name: str, names: Collection[str], others: Collection[str] = ()) -> str:
    """What an unknown key may have meant: the nearest of `names` and `others`, else any of `names`."""
    close = _near(name, [*names, *others])
    return f"`{close[0]}`" if close else f"one of {', '.join(sorted(names))}"


def _near(name: str, known: Sequence[str]) -> list[str]:
    """A name that goes on after `name`, else the most similar, else none."""
    return [longer for longer in known if longer.startswith(name)] or get_close_matches(name, known, n=1)
