"""Sparse convolution on a GPU: one program per block of output cells and channels.

The features of a tap's neighbours are gathered into a matrix in registers and multiplied by the tap's weights, as in
the implicit matrix product of Tang et al., "TorchSparse++", MICRO 2023. A program owns its outputs and adds the taps in
order, so there are no atomic additions and the result does not depend on scheduling.
"""

import torch
import triton  # ty: ignore[import-not-found]
import triton.language as tl  # ty: ignore[import-not-found]
from torch import Tensor

BLOCK_ROWS = 64
SMALLEST_BLOCK = 16
"""What `tl.dot` takes at least in each dimension."""
LARGEST_BLOCK = 64


def gather_gemm(features: Tensor, taps: Tensor, neighbours: Tensor) -> Tensor:
    """The convolved features [M, out], summed in float32, in the type of `features`.

    Args:
        features: float [N, in].
        taps: [K, in, out], of the same type.
        neighbours: int32 [K, M], the row in `features` that tap k reads for output m, -1 for none.
    """
    tap_count, channels, out_channels = taps.shape
    rows = neighbours.shape[1]
    output = features.new_empty(rows, out_channels)
    if not rows:
        return output
    block_out = _block(out_channels)
    grid = (triton.cdiv(rows, BLOCK_ROWS), triton.cdiv(out_channels, block_out))
    with torch.cuda.device_of(features):
        _gather_gemm[grid](
            features.contiguous(),
            taps.contiguous(),
            neighbours.contiguous(),
            output,
            rows,
            TAPS=tap_count,
            IN=channels,
            OUT=out_channels,
            BLOCK_ROWS=BLOCK_ROWS,
            BLOCK_IN=_block(channels),
            BLOCK_OUT=block_out,
        )
    return output


def _block(channels: int) -> int:
    return min(max(triton.next_power_of_2(channels), SMALLEST_BLOCK), LARGEST_BLOCK)


@triton.jit
def _gather_gemm(  # noqa: ANN202
    features,  # noqa: ANN001
    taps,  # noqa: ANN001
    neighbours,  # noqa: ANN001
    output,  # noqa: ANN001
    rows,  # noqa: ANN001
    TAPS: tl.constexpr,
    IN: tl.constexpr,
    OUT: tl.constexpr,
    BLOCK_ROWS: tl.constexpr,
    BLOCK_IN: tl.constexpr,
    BLOCK_OUT: tl.constexpr,
):
    row = tl.program_id(0).to(tl.int64) * BLOCK_ROWS + tl.arange(0, BLOCK_ROWS)
    column = tl.program_id(1) * BLOCK_OUT + tl.arange(0, BLOCK_OUT)
    total = tl.zeros((BLOCK_ROWS, BLOCK_OUT), dtype=tl.float32)
    for tap in range(TAPS):
        source = tl.load(neighbours + tap * rows + row, mask=row < rows, other=-1).to(tl.int64)
        if tl.max(source, 0) >= 0:
            for start in range(0, IN, BLOCK_IN):
                channel = start + tl.arange(0, BLOCK_IN)
                gathered = tl.load(
                    features + source[:, None] * IN + channel[None, :],
                    mask=(source[:, None] >= 0) & (channel[None, :] < IN),
                    other=0.0,
                )
                weights = tl.load(
                    taps + (tap * IN + channel[:, None]) * OUT + column[None, :],
                    mask=(channel[:, None] < IN) & (column[None, :] < OUT),
                    other=0.0,
                )
                total = tl.dot(gathered, weights, total, input_precision="ieee")
    tl.store(
        output + row[:, None] * OUT + column[None, :],
        total.to(output.dtype.element_ty),
        mask=(row[:, None] < rows) & (column[None, :] < OUT),
    )
