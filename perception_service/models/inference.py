"""Makes a model quicker for inference without changing what it computes."""

from copy import deepcopy
from typing import TypeVar

import torch
from mmcv.cnn import fuse_conv_bn
from torch import nn

Model = TypeVar("Model", bound=nn.Module)


def prepared_for_inference(model: Model) -> Model:
    """A copy in evaluation mode, each batch normalisation folded into the convolution before it, channels last.

    The copy's outputs agree with the original's up to float32 rounding; its state-dict names differ.
    """
    copy = deepcopy(model).eval().requires_grad_(False)
    fuse_conv_bn(copy)
    for module in copy.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            module.weight.data = module.weight.data.contiguous(memory_format=torch.channels_last)
    return copy
