"""QLoRA: frozen linears held in 4 or 8 bits (Dettmers et al., "QLoRA", NeurIPS 2023), where bitsandbytes is there."""

import importlib.util

import torch
from transformers import BitsAndBytesConfig

from waymend.errors import InvalidField

_NEVER_QUANTISED = ["projectors", "trajectory_head", "motion_prior", "lm_head"]


def quantisation(bits: int | None, compute_dtype: torch.dtype) -> BitsAndBytesConfig | None:
    """How transformers should hold the frozen linears; None where they stay as they are.

    Raises:
        InvalidField: bitsandbytes is not installed.
    """
    if bits is None:
        return None
    if importlib.util.find_spec("bitsandbytes") is None:
        raise InvalidField("quantization_bit", "none: bitsandbytes is not installed (pip install bitsandbytes)", bits)
    return BitsAndBytesConfig(
        load_in_4bit=bits == 4,
        load_in_8bit=bits == 8,
        llm_int8_skip_modules=_NEVER_QUANTISED,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=compute_dtype,
    )
