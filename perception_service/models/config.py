"""The perception half of a bundle's configuration, checked."""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Self

from waymend.errors import InvalidField


@dataclass(frozen=True, slots=True)
class ImageConfig:
    """How camera images become the network's images.

    Attributes:
        size: Height and width of the network's images.
        resized_width: Width to which a whole image is scaled before the bottom centre of it is cut out.
        mean, std: Per channel (RGB, 0..255), for normalisation.
    """

    size: tuple[int, int]
    resized_width: int
    mean: tuple[float, ...]
    std: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class PointsConfig:
    """Which LiDAR points are kept.

    Attributes:
        range_m: Low x, y, z and high x, y, z that a point must lie strictly between, LiDAR frame.
        close_radius_m: Points with |x| and |y| below this are the vehicle's own and dropped.
    """

    range_m: tuple[float, ...]
    close_radius_m: float


@dataclass(frozen=True, slots=True)
class PerceptionConfig:
    """Everything that perception needs besides weights.

    Attributes:
        preset: Name of the preset that this configuration comes from.
        image: Image preprocessing.
        points: Point preprocessing.
        agent_score_threshold: Score from which a detection counts as an agent.
        bevfusion: Detector config, mmdet3d style.
        tokens: Arguments of the token makers: `width`, `bev`, `image`, `vector`.
    """

    preset: str
    image: ImageConfig
    points: PointsConfig
    agent_score_threshold: float
    bevfusion: Mapping[str, Any]
    tokens: Mapping[str, Any]

    @classmethod
    def parse(cls, config: Mapping[str, Any]) -> Self:
        """Reads the dictionary form, as `perception/config.json` of a bundle holds it.

        Raises:
            InvalidField: A key is missing or unknown.
        """
        names = ("preset", "image", "points", "agent_score_threshold", "bevfusion", "tokens")
        _check_keys("config", config, names)
        _check_keys("config.image", config["image"], ("size", "resized_width"))
        _check_keys("config.points", config["points"], ("range_m", "close_radius_m"))
        _check_keys("config.tokens", config["tokens"], ("width", "bev", "image", "vector"))
        preprocessor = config["bevfusion"].get("data_preprocessor", {})
        for name in ("mean", "std", "voxelize_cfg"):
            if preprocessor.get(name) is None:
                raise InvalidField(f"config.bevfusion.data_preprocessor.{name}", "a value", "nothing")
        height, width = config["image"]["size"]
        return cls(
            preset=config["preset"],
            image=ImageConfig(
                size=(height, width),
                resized_width=config["image"]["resized_width"],
                mean=tuple(preprocessor["mean"]),
                std=tuple(preprocessor["std"]),
            ),
            points=PointsConfig(tuple(config["points"]["range_m"]), config["points"]["close_radius_m"]),
            agent_score_threshold=config["agent_score_threshold"],
            bevfusion=config["bevfusion"],
            tokens=config["tokens"],
        )

    def document(self) -> dict[str, Any]:
        """The dictionary form, which `parse` reads."""
        return {
            "preset": self.preset,
            "image": {"size": list(self.image.size), "resized_width": self.image.resized_width},
            "points": {"range_m": list(self.points.range_m), "close_radius_m": self.points.close_radius_m},
            "agent_score_threshold": self.agent_score_threshold,
            "bevfusion": dict(self.bevfusion),
            "tokens": dict(self.tokens),
        }


def _check_keys(path: str, given: Mapping[str, Any], expected: tuple[str, ...]) -> None:
    for name in given:
        if name not in expected:
            close = get_close_matches(name, expected, n=1)
            hint = f"`{close[0]}`" if close else f"one of {', '.join(expected)}"
            raise InvalidField(f"{path}.{name}", hint, "an unknown key")
    for name in expected:
        if name not in given:
            raise InvalidField(f"{path}.{name}", "a value", "nothing")
