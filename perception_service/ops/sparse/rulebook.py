"""Which input cell reaches which output cell through which tap of a kernel."""

import itertools
from dataclasses import dataclass

import torch
from torch import Tensor

Triple = tuple[int, int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Rulebook:
    """The pairs of a convolution, tap by tap; within a tap no input and no output occurs twice.

    Attributes:
        inputs, outputs: Per tap of the kernel (x first, z last), int64 row indices of equal length.
        coordinates: int64 [M, 4], of the output cells: frame, x, y, z.
        spatial_shape: Of the output grids.
    """

    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    coordinates: Tensor
    spatial_shape: Triple


def taps(kernel_size: Triple) -> list[Triple]:
    """Positions in the kernel, x first, z last."""
    return [(x, y, z) for x, y, z in itertools.product(*map(range, kernel_size))]


@torch.no_grad()
def submanifold_rulebook(coordinates: Tensor, spatial_shape: Triple, kernel_size: Triple, dilation: Triple) -> Rulebook:
    """The output cells are the input cells (Graham et al., "3D Semantic Segmentation with Submanifold Sparse
    Convolutional Networks", CVPR 2018). The kernel's extents must be odd.

    The pairs of a tap are those of the opposite tap, reversed, so only half of them are searched for.
    """
    keys = _flat(coordinates, spatial_shape)
    sorted_keys, order = torch.sort(keys)
    centre = torch.tensor([size // 2 for size in kernel_size], device=keys.device)
    step = torch.tensor(dilation, device=keys.device)
    positions = taps(kernel_size)
    rows = torch.arange(len(keys), device=keys.device)
    found: list[tuple[Tensor, Tensor]] = []
    for tap in positions[: len(positions) // 2]:
        offset = (torch.tensor(tap, device=keys.device) - centre) * step
        found.append(_neighbours(coordinates, spatial_shape, offset, sorted_keys, order))
    mirrored = [(outputs, inputs) for inputs, outputs in reversed(found)]
    pairs = [*found, (rows, rows), *mirrored]
    inputs, outputs = zip(*pairs, strict=True)
    return Rulebook(inputs, outputs, coordinates, spatial_shape)


@torch.no_grad()
def strided_rulebook(
    coordinates: Tensor, spatial_shape: Triple, kernel_size: Triple, stride: Triple, padding: Triple, dilation: Triple
) -> Rulebook:
    """Every output cell that an input cell reaches, in ascending order of frame, x, y, z."""
    sizes = zip(spatial_shape, kernel_size, stride, padding, dilation, strict=True)
    output_shape = tuple(
        (size + 2 * pad - dil * (kernel - 1) - 1) // step + 1 for size, kernel, step, pad, dil in sizes
    )
    size_x, size_y, size_z = output_shape
    device = coordinates.device
    limits, steps = torch.tensor(output_shape, device=device), torch.tensor(stride, device=device)
    padded = coordinates[:, 1:] + torch.tensor(padding, device=device)
    inputs, keys = [], []
    for tap in taps(kernel_size):
        reached = padded - torch.tensor(tap, device=device) * torch.tensor(dilation, device=device)
        cells = torch.div(reached, steps, rounding_mode="floor")
        kept = torch.nonzero(((cells * steps == reached) & (cells >= 0) & (cells < limits)).all(1)).squeeze(1)
        inputs.append(kept)
        keys.append(_flat(torch.cat((coordinates[kept, :1], cells[kept]), 1), (size_x, size_y, size_z)))
    unique_keys, rows = torch.unique(torch.cat(keys), return_inverse=True)
    outputs = rows.split([len(tap_keys) for tap_keys in keys])
    reached_cells = _unflat(unique_keys, (size_x, size_y, size_z))
    return Rulebook(tuple(inputs), tuple(outputs), reached_cells, (size_x, size_y, size_z))


def _neighbours(
    coordinates: Tensor, spatial_shape: Triple, offset: Tensor, sorted_keys: Tensor, order: Tensor
) -> tuple[Tensor, Tensor]:
    """Rows (input, output) of the occupied cells whose neighbour at `offset` is occupied: that one is the input."""
    cells = coordinates[:, 1:] + offset
    inside = ((cells >= 0) & (cells < torch.tensor(spatial_shape, device=cells.device))).all(1)
    outputs = torch.nonzero(inside).squeeze(1)
    wanted = _flat(torch.cat((coordinates[outputs, :1], cells[outputs]), 1), spatial_shape)
    places = torch.searchsorted(sorted_keys, wanted).clamp_(max=max(len(sorted_keys) - 1, 0))
    occupied = sorted_keys[places] == wanted
    return order[places[occupied]], outputs[occupied]


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
