"""Painted lines between lanes."""

from collections.abc import Mapping

from training.data.drives.road_map import Divider, LineColor
from training.data.scenarionet.areas import BOUNDARY
from training.data.scenarionet.record import Record
from training.data.scenarionet.shapes import Points, distinct


def read_dividers(features: Mapping[str, Record]) -> tuple[Divider, ...]:
    """Every `ROAD_LINE_*`; yellow ones divide the directions of traffic. Kerbs, `ROAD_EDGE_*`, are no dividers.

    Raises:
        InvalidField: One has no line, or a number of it is not finite.
    """
    dividers = []
    for name, feature in features.items():
        kind = feature.text("type")
        if kind.startswith("ROAD_LINE_") and not name.startswith(BOUNDARY):
            line = feature.points("polyline")
            line = line[distinct(line)]
            dividers += [_divider(kind, line)] if len(line) > 1 else []
    return tuple(dividers)


def _divider(kind: str, line_m: Points) -> Divider:
    yellow = kind.endswith("YELLOW")
    color = LineColor.YELLOW if yellow else LineColor.WHITE if kind.endswith("WHITE") else LineColor.NONE
    return Divider(line_m, color, dashed="BROKEN" in kind, double="DOUBLE" in kind, divides_directions=yellow)
