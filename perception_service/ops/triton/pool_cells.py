"""Lift and splat on a GPU: one program per BEV cell and block of channels.

A program walks the depth bins of its cell in the plan's order and holds the sum in registers, so the lifted features
are never written, nothing is added atomically and the result does not depend on scheduling.
"""

import torch
import triton  # ty: ignore[import-not-found]
import triton.language as tl  # ty: ignore[import-not-found]
from torch import Tensor

BLOCK_ENTRIES = 32
LARGEST_BLOCK = 128


def pool_cells(depth: Tensor, context: Tensor, bins: Tensor, pixels: Tensor, offsets: Tensor) -> Tensor:
    """The pooled features [cells, C], summed in float32, in the type of `context`.

    Args:
        depth: float [P, D], the depth distribution of each pixel.
        context: float [P, C], the features of each pixel.
        bins, pixels, offsets: Of the `SplatPlan`: int [K], int [K] and int [cells + 1].
    """
    cells, channels = len(offsets) - 1, context.shape[1]
    output = context.new_empty(cells, channels)
    if not output.numel():
        return output
    block = min(triton.next_power_of_2(channels), LARGEST_BLOCK)
    with torch.cuda.device_of(context):
        _pool_cells[(cells, triton.cdiv(channels, block))](
            depth.contiguous(),
            context.contiguous(),
            bins,
            pixels,
            offsets,
            output,
            CHANNELS=channels,
            BLOCK_CHANNELS=block,
            BLOCK_ENTRIES=BLOCK_ENTRIES,
        )
    return output


@triton.jit
def _pool_cells(  # noqa: ANN202
    depth,  # noqa: ANN001
    context,  # noqa: ANN001
    bins,  # noqa: ANN001
    pixels,  # noqa: ANN001
    offsets,  # noqa: ANN001
    output,  # noqa: ANN001
    CHANNELS: tl.constexpr,
    BLOCK_CHANNELS: tl.constexpr,
    BLOCK_ENTRIES: tl.constexpr,
):
    cell = tl.program_id(0).to(tl.int64)
    channel = tl.program_id(1) * BLOCK_CHANNELS + tl.arange(0, BLOCK_CHANNELS)
    first = tl.load(offsets + cell)
    last = tl.load(offsets + cell + 1)
    total = tl.zeros((BLOCK_CHANNELS,), dtype=tl.float32)
    for start in range(first, last, BLOCK_ENTRIES):
        entry = start + tl.arange(0, BLOCK_ENTRIES)
        held = entry < last
        probability = tl.load(depth + tl.load(bins + entry, mask=held, other=0), mask=held, other=0.0)
        pixel = tl.load(pixels + entry, mask=held, other=0)
        features = tl.load(
            context + pixel[:, None] * CHANNELS + channel[None, :],
            mask=held[:, None] & (channel[None, :] < CHANNELS),
            other=0.0,
        )
        total += tl.sum(probability.to(tl.float32)[:, None] * features.to(tl.float32), axis=0)
    tl.store(output + cell * CHANNELS + channel, total.to(output.dtype.element_ty), mask=channel < CHANNELS)
