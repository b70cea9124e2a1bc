"""CUDA kernels in Triton for the two operations that dominate on a GPU. Only these modules import triton."""
