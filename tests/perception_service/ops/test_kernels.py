from importlib.util import find_spec

import pytest
import torch
from torch import nn

from perception_service.ops.bev_pool import SplatPool
from perception_service.ops.kernels import use_kernels
from perception_service.ops.sparse import SparseConv3d, SubMConv3d
from waymend.errors import InvalidField

CPU, CUDA = torch.device("cpu"), torch.device("cuda")


@pytest.fixture
def model() -> nn.Module:
    return nn.Sequential(SubMConv3d(3, 3, 3), nn.Sequential(SparseConv3d(3, 3, 3)), SplatPool())


def test_plain_torch_does_everything_unless_told_otherwise(model):
    assert [module.kernel for module in (model[0], model[1][0], model[2])] == ["torch"] * 3


def test_each_operation_has_its_own_choice(model, monkeypatch):
    monkeypatch.setattr("perception_service.ops.kernels.find_spec", lambda name: object())
    use_kernels(model, CUDA, "spconv", "triton")
    assert [module.kernel for module in (model[0], model[1][0], model[2])] == ["spconv", "spconv", "triton"]


@pytest.mark.skipif(find_spec("spconv") is not None, reason="spconv is installed")
def test_a_package_that_is_missing_is_named(model):
    with pytest.raises(InvalidField, match="sparse_conv_kernel: expected spconv to be installed, or torch"):
        use_kernels(model, CUDA, "spconv", "torch")


@pytest.mark.parametrize(("field", "kernels"), [("sparse_conv", ("spconv", "torch")), ("pool", ("torch", "triton"))])
def test_kernels_for_a_gpu_are_refused_on_a_cpu(model, monkeypatch, field, kernels):
    monkeypatch.setattr("perception_service.ops.kernels.find_spec", lambda name: object())
    with pytest.raises(InvalidField, match=f"{field}_kernel: expected a kernel for cpu"):
        use_kernels(model, CPU, *kernels)
