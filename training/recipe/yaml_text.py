"""YAML with the plain scalars of YAML 1.2's core schema: `1e-4` is a number, `no` and `2026-01-01` are text."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from yaml.constructor import ConstructorError

from waymend.errors import InvalidField

_SCALARS = (
    ("tag:yaml.org,2002:null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("tag:yaml.org,2002:bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("tag:yaml.org,2002:int", r"[-+]?[0-9]+", list("-+0123456789")),
    ("tag:yaml.org,2002:float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", list("-+.0123456789")),
)
"""Tag, form and first characters of each scalar that is not text: YAML 1.2.2, section 10.3.2, without inf and nan."""


class _Loader(yaml.SafeLoader):
    """Reads; a key that occurs twice in one mapping is an error."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 (PyYAML's own class attribute)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in seen:
                raise ConstructorError(problem=f"{key.value} occurs twice", problem_mark=key.start_mark)
            seen.add(str(key.value))
        return super().construct_mapping(node, deep)


class _Dumper(yaml.SafeDumper):
    """Writes; quotes every text that this loader, or one of YAML 1.1, would read as something else."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def represent_sequence(self, tag: str, sequence: Any, flow_style: bool | None = None) -> yaml.SequenceNode:
        numbers = all(isinstance(value, int | float) for value in sequence)
        return super().represent_sequence(tag, sequence, flow_style=numbers or flow_style)


for _tag, _form, _first in _SCALARS:
    for _kind in (_Loader, _Dumper):
        _kind.add_implicit_resolver(_tag, re.compile(rf"^(?:{_form})$"), _first)
_Loader.add_constructor("tag:yaml.org,2002:int", lambda loader, node: int(loader.construct_scalar(node)))
_Loader.add_constructor("tag:yaml.org,2002:float", lambda loader, node: float(loader.construct_scalar(node)))


def read_mapping(path: Path) -> dict[str, Any]:
    """The keys and values of a YAML file.

    Raises:
        InvalidField: The file cannot be read, or holds something else; `field` is its path.
    """
    try:
        keys = yaml.load(path.read_text(encoding="utf-8"), _Loader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InvalidField(str(path), "a YAML file of keys and values", error) from None
    if not isinstance(keys, dict) or not all(isinstance(key, str) for key in keys):
        raise InvalidField(str(path), "a YAML file of keys and values", keys)
    return keys


def read_value(text: str) -> Any:
    """What `text` would mean as the value of a key.

    Raises:
        yaml.YAMLError: It is no YAML.
    """
    return yaml.load(text, _Loader)


def write_mapping(keys: Mapping[str, Any]) -> str:
    """YAML text that `read_mapping` reads as equal keys and values."""
    return yaml.dump(dict(keys), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
