import importlib.util

import pytest
import torch

from training.modeling.quantisation import quantisation
from training.modeling.settings import CorrectorSettings
from waymend.errors import InvalidField


def test_no_bits_are_no_quantisation():
    assert quantisation(None, torch.bfloat16) is None


@pytest.mark.skipif(importlib.util.find_spec("bitsandbytes") is not None, reason="bitsandbytes is installed")
@pytest.mark.parametrize("bits", [4, 8])
def test_without_bitsandbytes_the_error_says_what_to_install(make_corrector, bits):
    with pytest.raises(InvalidField, match=rf"quantization_bit: .*pip install bitsandbytes.* given {bits}"):
        make_corrector(quantization_bit=bits)


@pytest.mark.parametrize("settings", [{"quantization_bit": 3}, {"quantization_bit": 4, "finetuning_type": "full"}])
def test_other_bits_and_trained_weights_are_refused(settings):
    with pytest.raises(InvalidField, match="quantization_bit"):
        CorrectorSettings(**settings)
