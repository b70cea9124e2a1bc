"""What every group of keys shares."""

from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


class Section(BaseModel):
    """A group of keys: immutable, strictly typed, none beyond those declared."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    title: ClassVar[str]
    """Heading of the group in a written recipe."""


def _path(given: Any) -> Path:
    if isinstance(given, str | Path):
        return Path(given)
    raise ValueError("a path")


PathKey = Annotated[Path, BeforeValidator(_path)]
Count = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, le=1)]
Weight = Annotated[float, Field(ge=0)]
