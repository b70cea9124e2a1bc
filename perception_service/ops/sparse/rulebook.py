"""Which input cell reaches which output cell through which tap of a kernel."""

import itertools
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from waymend.errors import InvalidField

Triple = tuple[int, int, int]


@dataclass(frozen=True, eq=False)
class Rulebook:
    """The pairs of a convolution, tap by tap; within a tap no input and no output occurs twice.

    Attributes:
        inputs, outputs: Per tap of the kernel (x first, z last), int64 row indices of equal length.
        coordinates: int64 [M, 4], of the output cells: frame, x, y, z.
        spatial_shape: Of the output grids.
        identity_tap: The tap, if there is one, in which every input is its own output.
    """

    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    coordinates: Tensor
    spatial_shape: Triple
    identity_tap: int | None = None

    @cached_property
    def neighbours(self) -> Tensor:
        """The same pairs as a table, int32 [K, M]: the input of tap k at output m, -1 where there is none."""
        table = self.coordinates.new_full((len(self.inputs), len(self.coordinates)), -1, dtype=torch.int32)
        for tap, (inputs, outputs) in enumerate(zip(self.inputs, self.outputs, strict=True)):
            table[tap].index_copy_(0, outputs, inputs.int())
        return table


def taps(kernel_size: Triple) -> list[Triple]:
    """Positions in the kernel, x first, z last."""
    return [(x, y, z) for x, y, z in itertools.product(*map(range, kernel_size))]


@torch.no_grad()
def submanifold_rulebook(coordinates: Tensor, spatial_shape: Triple, kernel_size: Triple, dilation: Triple) -> Rulebook:
    """The output cells are the input cells (Graham et al., "3D Semantic Segmentation with Submanifold Sparse
    Convolutional Networks", CVPR 2018). The kernel's extents must be odd.

    The grid is thought of with a margin around it, so that a neighbour's key is a cell's key plus a constant and no
    neighbour beyond the edge is taken for a cell of the next row. The pairs of a tap are those of the opposite tap,
    reversed, so only half of them are searched for.

    Raises:
        InvalidField: A cell occurs twice or lies outside the grid.
    """
    centre = [size // 2 for size in kernel_size]
    margin = [middle * step for middle, step in zip(centre, dilation, strict=True)]
    wide_x, wide_y, wide_z = (size + 2 * edge for size, edge in zip(spatial_shape, margin, strict=True))
    shifted = coordinates + torch.tensor([0, *margin], device=coordinates.device)
    keys, order = torch.sort(_flat(shifted, (wide_x, wide_y, wide_z)))
    _check_cells(coordinates, spatial_shape, keys)
    positions = taps(kernel_size)
    found: list[tuple[Tensor, Tensor]] = []
    for tap in positions[: len(positions) // 2]:
        x, y, z = ((at - middle) * step for at, middle, step in zip(tap, centre, dilation, strict=True))
        found.append(_neighbours(keys, order, (x * wide_y + y) * wide_z + z))
    mirrored = [(outputs, inputs) for inputs, outputs in reversed(found)]
    rows = torch.arange(len(keys), device=keys.device)
    inputs, outputs = zip(*found, (rows, rows), *mirrored, strict=True)
    return Rulebook(inputs, outputs, coordinates, spatial_shape, identity_tap=len(found))


@torch.no_grad()
def strided_rulebook(
    coordinates: Tensor, spatial_shape: Triple, kernel_size: Triple, stride: Triple, padding: Triple, dilation: Triple
) -> Rulebook:
    """Every output cell that an input cell reaches, in ascending order of frame, x, y, z.

    Raises:
        InvalidField: A cell occurs twice or lies outside the grid, or the kernel is larger than the padded grid.
    """
    _check_cells(coordinates, spatial_shape, torch.sort(_flat(coordinates, spatial_shape)).values)
    sizes = zip(spatial_shape, kernel_size, stride, padding, dilation, strict=True)
    size_x, size_y, size_z = (
        (size + 2 * pad - step * (kernel - 1) - 1) // jump + 1 for size, kernel, jump, pad, step in sizes
    )
    output_shape = (size_x, size_y, size_z)
    if min(output_shape) < 1:
        raise InvalidField("SparseTensor.spatial_shape", f"room for a kernel of {kernel_size}", spatial_shape)
    frame = coordinates[:, 0]
    along = [
        [
            _reached(coordinates[:, axis + 1] + padding[axis] - at * dilation[axis], stride[axis], output_shape[axis])
            for at in range(kernel_size[axis])
        ]
        for axis in range(3)
    ]
    inputs, keys = [], []
    for tap in taps(kernel_size):
        (x, in_x), (y, in_y), (z, in_z) = (along[axis][at] for axis, at in enumerate(tap))
        kept = torch.nonzero(in_x & in_y & in_z).squeeze(1)
        inputs.append(kept)
        keys.append((((frame * size_x + x) * size_y + y) * size_z + z)[kept])
    unique_keys, rows = torch.unique(torch.cat(keys), return_inverse=True)
    outputs = rows.split([len(tap_keys) for tap_keys in keys])
    return Rulebook(tuple(inputs), tuple(outputs), _unflat(unique_keys, output_shape), output_shape)


def _check_cells(coordinates: Tensor, spatial_shape: Triple, sorted_keys: Tensor) -> None:
    """Pairs are written without collisions only where every cell is there once, so anything else is refused."""
    if (sorted_keys[1:] == sorted_keys[:-1]).any():
        raise InvalidField("SparseTensor.coordinates", "every cell once", "a cell twice")
    cells = coordinates[:, 1:]
    if ((cells < 0) | (cells >= cells.new_tensor(spatial_shape))).any():
        raise InvalidField("SparseTensor.coordinates", f"cells of a grid {spatial_shape}", "a cell outside")


def _reached(positions: Tensor, stride: int, size: int) -> tuple[Tensor, Tensor]:
    """Along one axis: the output cell that each input position meets, and whether there is one."""
    cells = torch.div(positions, stride, rounding_mode="floor")
    return cells, (cells * stride == positions) & (cells >= 0) & (cells < size)


def _neighbours(keys: Tensor, order: Tensor, offset: int) -> tuple[Tensor, Tensor]:
    """Rows (input, output) of the cells whose neighbour at `offset` is occupied: that one is the input."""
    places = torch.searchsorted(keys, keys + offset).clamp_(max=max(len(keys) - 1, 0))
    found = torch.nonzero(keys[places] == keys + offset).squeeze(1)
    return order[places[found]], order[found]


def _flat(coordinates: Tensor, spatial_shape: Triple) -> Tensor:
    size_x, size_y, size_z = spatial_shape
    frame, x, y, z = coordinates.unbind(1)
    return ((frame * size_x + x) * size_y + y) * size_z + z


def _unflat(keys: Tensor, spatial_shape: Triple) -> Tensor:
    size_x, size_y, size_z = spatial_shape
    cells = (
        keys // (size_x * size_y * size_z),
        keys // (size_y * size_z) % size_x,
        keys // size_z % size_y,
        keys % size_z,
    )
    return torch.stack(cells, 1)
