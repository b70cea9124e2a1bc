"""What a run needs of the machine that it runs on."""

from importlib.util import find_spec

import torch

from training.recipe.keys.run import RunKeys
from waymend.errors import InvalidField


def check_machine(keys: RunKeys) -> None:
    """Raises InvalidField, with the override that helps, where this machine lacks what the keys want."""
    if keys.fp16 and not torch.cuda.is_available():
        expected = "false on a machine without CUDA: run with `fp16=false dtype=float32`, or `fp16=false bf16=true`"
        raise InvalidField("fp16", expected, True)
    if keys.bf16 and torch.cuda.is_available() and not torch.cuda.is_bf16_supported():
        raise InvalidField("bf16", "false on this GPU: run with `bf16=false fp16=true`", True)
    if keys.fsdp and not torch.cuda.is_available():
        raise InvalidField(
            "fsdp", "false on a machine without CUDA, where accelerate uses DDP: run with `fsdp=false`", keys.fsdp
        )
    if keys.quantization_bit is not None:
        _need("bitsandbytes", "quantization_bit", "null", keys.quantization_bit)
    if "8bit" in keys.optim or keys.optim.startswith("paged"):
        _need("bitsandbytes", "optim", "adamw_torch", keys.optim)
    if keys.deepspeed is not None:
        _need("deepspeed", "deepspeed", "null", "a configuration")
    for reporter in keys.report_to:
        _need(reporter, "report_to", "none", reporter)


def _need(package: str, key: str, instead: str, given: object) -> None:
    if find_spec(package) is None:
        expected = f"`{key}={instead}`, or the package {package}, which is not installed (pip install {package})"
        raise InvalidField(key, expected, given)
