"""Recipes written for a test, and the blocks of the guide."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from training.recipe.reading import recipe_from
from training.recipe.recipe import Recipe

GUIDE = Path(__file__).parent / "guide"
"""The YAML blocks of the user's guide, verbatim; a file has the name in the block's first line."""

SMALLEST: Mapping[str, Any] = {"model_name_or_path": "builtin:tiny", "output_dir": "out"}
"""The keys without a default."""


def recipe(**keys: Any) -> Recipe:
    """The smallest recipe with `keys`."""
    return recipe_from({**SMALLEST, **keys})


def guide_file(name: str) -> Path:
    return GUIDE / f"llamafactory_{name}.yaml"


def written(directory: Path, text: str, name: str = "recipe.yaml") -> Path:
    """A YAML file of the smallest recipe's keys and `text`."""
    path = directory / name
    path.write_text(f"model_name_or_path: builtin:tiny\noutput_dir: out\n{text}", encoding="utf-8")
    return path
