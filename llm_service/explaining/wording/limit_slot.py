"""A quantity past its limit."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from llm_service.explaining.wording.slots import NUMBER, Said
from llm_service.explaining.wording.voice import Voice
from llm_service.verifier.mention import rounded

_NOUNS: dict[str, str] = {
    "speed": "a speed",
    "braking": "braking",
    "acceleration": "an acceleration",
    "lateral acceleration": "a lateral acceleration",
    "jerk": "a jerk",
    "yaw rate": "a yaw rate",
    "curvature": "a curvature",
}
_STEPS = {"m/s": 0.1, "m/s^2": 0.1, "m/s^3": 0.1, "rad/s": 0.01, "1/m": 0.01}
"""Rounding by unit."""


@dataclass(frozen=True, slots=True)
class QuantitySlot:
    """The fields `quantity`, `value` and `unit`, such as `a lateral acceleration of 6.3 m/s^2`."""

    def write(self, values: Mapping[str, Any], voice: Voice) -> str:
        quantity, value, unit = (values[name] for name in ("quantity", "value", "unit"))
        return f"{_NOUNS[quantity]} of {rounded(value, _STEPS[unit])} {unit}"

    def pattern(self, name: str) -> str:
        quantities = "|".join(_NOUNS.values())
        units = "|".join(sorted((unit.replace("^", r"\^") for unit in _STEPS), key=len, reverse=True))
        return rf"(?P<{name}_quantity>{quantities}) of (?P<{name}_value>{NUMBER}) (?P<{name}_unit>{units})"

    def read(self, groups: Mapping[str, str | None], name: str) -> Said:
        unit = groups[f"{name}_unit"] or ""
        values = {
            "quantity": next(key for key, noun in _NOUNS.items() if noun == groups[f"{name}_quantity"]),
            "value": float(groups[f"{name}_value"] or 0),
            "unit": unit,
        }
        return Said(values, {"value": _STEPS[unit]})


@dataclass(frozen=True, slots=True)
class LimitSlot:
    """The field `limit`, in the unit of the quantity."""

    def write(self, values: Mapping[str, Any], voice: Voice) -> str:
        return rounded(values["limit"], 0.01)

    def pattern(self, name: str) -> str:
        return f"(?P<{name}>{NUMBER})"

    def read(self, groups: Mapping[str, str | None], name: str) -> Said:
        return Said({"limit": float(groups[name] or 0)}, {"limit": 0.005})
