"""Tensor operations that BEVFusion needs, in plain torch: the same code runs on a CPU and on a GPU."""
