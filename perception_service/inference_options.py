"""How a model is run for inference, as far as an operator may choose."""

from dataclasses import dataclass
from typing import Literal

Precision = Literal["float32", "bfloat16", "float16"]
CompileMode = Literal["none", "default", "reduce-overhead"]
SparseConvKernel = Literal["torch", "triton", "spconv"]
PoolKernel = Literal["torch", "triton"]


@dataclass(frozen=True, slots=True)
class InferenceOptions:
    """Speed for a little accuracy, or for time at the start.

    Attributes:
        precision: Of convolutions and matrix products (`torch.autocast`); depth distributions, the splat, boxes and the
            vector encoder stay in float32.
        compile_mode: `torch.compile` for the dense parts before the BEV neck; `reduce-overhead` records CUDA graphs.
        sparse_conv_kernel, pool_kernel: Who does the arithmetic; see `perception_service.ops.kernels`.
    """

    precision: Precision = "float32"
    compile_mode: CompileMode = "none"
    sparse_conv_kernel: SparseConvKernel = "torch"
    pool_kernel: PoolKernel = "torch"
