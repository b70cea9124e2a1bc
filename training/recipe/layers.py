"""A file, the files that it is based on, and overrides, as one set of keys."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from training.recipe.key_names import current_keys
from training.recipe.shipped import here_or_shipped
from training.recipe.yaml_text import read_mapping, read_value
from waymend.errors import InvalidField

BASE = "base"
"""Key that names the file, beside its own, whose keys a file changes."""


@dataclass(slots=True)
class Layers:
    """Keys collected from the first layer to the last; a later one wins.

    Attributes:
        names: Today's names of all keys.
        keys: What the layers say so far, by today's names.
        notes: How the layers were read.
    """

    names: Collection[str]
    keys: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def add(self, given: Mapping[str, Any]) -> None:
        """Puts a layer on top."""
        keys, notes = current_keys(given, self.names)
        self.keys = _merged(self.keys, keys)
        self.notes += [note for note in notes if note not in self.notes]


def read_layers(path: Path, overrides: Sequence[str], names: Collection[str]) -> Layers:
    """All layers of a recipe.

    A file's `base` comes below it. Mappings merge key by key; every other value replaces the one below.

    Args:
        path: The YAML file.
        overrides: `key=value` with a value in YAML; `key.key=value` reaches into a mapping. The later wins.
        names: Today's names of all keys.

    Raises:
        InvalidField: A file that cannot be read, a `base` that leads back to itself, a malformed override, a key by a
            wrong name.
    """
    layers = Layers(names)
    for keys in _files(here_or_shipped(path)):
        layers.add(keys)
    for override in overrides:
        layers.add(_override(override))
    return layers


def _files(path: Path) -> list[dict[str, Any]]:
    """The keys of the file and of all below it, the lowest first."""
    seen: list[Path] = []
    files: list[dict[str, Any]] = []
    following: Path | None = path
    while following is not None:
        if following.resolve() in seen:
            raise InvalidField(f"{path}: {BASE}", "files that end somewhere", following)
        seen.append(following.resolve())
        keys = read_mapping(following)
        base = keys.pop(BASE, None)
        if not isinstance(base, str | None):
            raise InvalidField(f"{following}: {BASE}", "the name of a YAML file", base)
        files.insert(0, keys)
        following = None if base is None else following.parent / base
    return files


def _override(text: str) -> dict[str, Any]:
    name, equals, value = text.partition("=")
    if not equals or not all(name.split(".")):
        raise InvalidField("override", "key=value", text)
    try:
        keys: Any = read_value(value)
    except yaml.YAMLError:
        raise InvalidField(name, "a value in YAML", value) from None
    for part in reversed(name.split(".")):
        keys = {part: keys}
    return keys


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for name, value in above.items():
        under = merged.get(name)
        merged[name] = _merged(under, value) if isinstance(under, dict) and isinstance(value, dict) else value
    return merged
