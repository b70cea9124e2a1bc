"""The BEV grid: three keys that describe it, and the perception configuration that they must agree with.

Along x and along y, `(high - low) / voxel size` voxels fill the range, and a BEV cell is `stride` voxels wide.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from perception_service.models.presets import PRESET_NAMES, preset
from waymend.errors import InvalidField

_TOLERANCE = 1e-6
"""Relative; 0.075 and other decimal fractions are inexact."""


@dataclass(frozen=True, slots=True)
class BevGrid:
    """A grid in the LiDAR frame.

    Attributes:
        point_cloud_range: Low x, y, z and high x, y, z, metres.
        voxel_size: x, y, z extents of a voxel, metres.
        stride: Voxels along one side of a BEV cell.
    """

    point_cloud_range: tuple[float, ...]
    voxel_size: tuple[float, ...]
    stride: int

    @classmethod
    def of(cls, perception: Mapping[str, Any]) -> Self:
        """The grid of a perception configuration."""
        voxels = perception["bevfusion"]["data_preprocessor"]["voxelize_cfg"]
        stride = perception["bevfusion"]["bbox_head"]["test_cfg"]["out_size_factor"]
        return cls(_floats(voxels["point_cloud_range"]), _floats(voxels["voxel_size"]), stride)

    @property
    def bev_size(self) -> tuple[float, float]:
        """BEV cells along x and y; whole where range, voxel size and stride fit together."""
        return self._voxels(0) / self.stride, self._voxels(1) / self.stride

    def arithmetic(self, axis: int = 0) -> str:
        """How the number of cells along x (0) or y (1) follows."""
        low, high = self.point_cloud_range[axis], self.point_cloud_range[axis + 3]
        voxels, cells = self._voxels(axis), self.bev_size[axis]
        return f"({high:g} - {low:g}) / {self.voxel_size[axis]:g} = {voxels:g} cells, / {self.stride} = {cells:g}"

    def _voxels(self, axis: int) -> float:
        return (self.point_cloud_range[axis + 3] - self.point_cloud_range[axis]) / self.voxel_size[axis]


@dataclass(frozen=True, slots=True)
class GridKeys:
    """The grid as a recipe describes it; None for a key that is not given."""

    point_cloud_range: tuple[float, ...] | None
    voxel_size: tuple[float, ...] | None
    bev_size: tuple[int, int] | None

    def check(self) -> None:
        """Raises InvalidField where a range is empty or a size is not above 0."""
        limits = self.point_cloud_range
        if limits is not None and not all(low < high for low, high in zip(limits[:3], limits[3:], strict=True)):
            raise InvalidField("point_cloud_range", "low x, y, z, then higher x, y, z", list(limits))
        for name, sizes in (("voxel_size", self.voxel_size), ("bev_size", self.bev_size)):
            if sizes is not None and min(sizes) <= 0:
                raise InvalidField(name, "sizes above 0", list(sizes))

    def on(self, grid: BevGrid) -> BevGrid:
        """`grid` with the given range and voxel size."""
        return replace(
            grid,
            point_cloud_range=self.point_cloud_range or grid.point_cloud_range,
            voxel_size=self.voxel_size or grid.voxel_size,
        )


def disagreements(given: GridKeys, grid: BevGrid, source: str) -> list[str]:
    """What is wrong with the keys where the configuration `source`, whose grid is `grid`, rules over them."""
    notes = []
    described = given.on(grid)
    contradiction = _contradiction(described, given.bev_size)
    if contradiction is not None and described != grid:
        axis, cells = contradiction
        notes.append(f"the grid keys contradict each other: {described.arithmetic(axis)}, but bev_size says {cells}")
    for name, values, ruling in (
        ("point_cloud_range", given.point_cloud_range, grid.point_cloud_range),
        ("voxel_size", given.voxel_size, grid.voxel_size),
        ("bev_size", given.bev_size, grid.bev_size),
    ):
        if values is not None and not _close(values, ruling):
            notes.append(f"{name} {_text(values)} is ignored: {source} has {_text(ruling)} ({grid.arithmetic()})")
    return notes


def check_grid(given: GridKeys, grid: BevGrid, source: str) -> None:
    """Checks keys that describe the grid themselves against the perception `source`, whose grid is `grid`.

    Raises:
        InvalidField: The keys contradict each other, or describe another grid.
    """
    described = given.on(grid)
    contradiction = _contradiction(described, given.bev_size)
    if contradiction is not None:
        axis, cells = contradiction
        expected = f"{described.arithmetic(axis)} (the stride {grid.stride} is that of {source}{_hint(given)})"
        raise InvalidField("bev_size", expected, cells)
    for name in ("point_cloud_range", "voxel_size"):
        values, ruling = getattr(described, name), getattr(grid, name)
        if not _close(values, ruling):
            expected = f"{_text(ruling)}, the grid of {source}: {grid.arithmetic()}{_hint(given)}"
            raise InvalidField(name, expected, f"{_text(values)}: {described.arithmetic()}")


def same_grid(first: BevGrid, second: BevGrid) -> bool:
    """Whether two configurations lay the same cells over the ground."""
    return first.stride == second.stride and all(
        _close(getattr(first, name), getattr(second, name)) for name in ("point_cloud_range", "voxel_size")
    )


def _contradiction(described: BevGrid, bev_size: tuple[int, int] | None) -> tuple[int, int] | None:
    """Axis and given number of cells, where that does not follow from range, voxel size and stride."""
    if bev_size is None:
        return None
    pairs = zip(described.bev_size, bev_size, strict=True)
    differing = [(axis, given) for axis, (cells, given) in enumerate(pairs) if not _close([cells], [given])]
    return differing[0] if differing else None


def _hint(given: GridKeys) -> str:
    """Names the preset that has the grid of the keys, if one has."""
    for name in PRESET_NAMES:
        grid = BevGrid.of(preset(name))
        if same_grid(given.on(grid), grid) and _contradiction(grid, given.bev_size) is None:
            return f"; perception={name} has the grid that the keys describe"
    return ""


def _close(first: Sequence[float], second: Sequence[float]) -> bool:
    return all(math.isclose(a, b, rel_tol=_TOLERANCE) for a, b in zip(first, second, strict=True))


def _floats(values: Sequence[float]) -> tuple[float, ...]:
    return tuple(float(value) for value in values)


def _text(values: Sequence[float]) -> str:
    return f"[{', '.join(f'{value:g}' for value in values)}]"
