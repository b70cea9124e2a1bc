"""What a device computes fastest in."""

from contextlib import AbstractContextManager

import torch

from training.perceiving.settings import Precision


def chosen_precision(wanted: Precision, device: torch.device) -> Precision:
    """`wanted`; or for `auto`, what the device is fastest in."""
    if wanted is not Precision.AUTO:
        return wanted
    if device.type == "cuda":
        quick = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        quick = device.type == "cpu" and torch.cpu._is_avx512_bf16_supported()
    return Precision.BFLOAT16 if quick else Precision.FLOAT32


def autocast(precision: Precision, device: torch.device) -> AbstractContextManager[object]:
    """Within it, convolutions and products are computed in `precision`."""
    return torch.autocast(device.type, torch.bfloat16, enabled=precision is Precision.BFLOAT16)
