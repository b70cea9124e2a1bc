import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from perception_service.models.weights import load_weights, save_weights
from waymend.errors import InvalidField


def make_network(seed: int) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Conv2d(2, 3, 1), nn.BatchNorm2d(3))


@pytest.fixture
def weights_path(tmp_path):
    save_weights(make_network(0), tmp_path / "model.safetensors")
    return tmp_path / "model.safetensors"


def test_saved_weights_come_back(weights_path):
    network = make_network(1)
    load_weights(network, weights_path)
    for name, tensor in make_network(0).state_dict().items():
        assert torch.equal(network.state_dict()[name], tensor)


def test_half_precision_files_hold_exact_buffers(tmp_path):
    network = make_network(0)
    network[1].running_mean.fill_(0.1)
    save_weights(network, tmp_path / "half.safetensors", torch.float16)
    saved = load_file(tmp_path / "half.safetensors")
    assert saved["0.weight"].dtype == torch.float16
    assert torch.equal(saved["1.running_mean"], network[1].running_mean)
    load_weights(network, tmp_path / "half.safetensors")
    assert network[0].weight.dtype == torch.float32


def rewrite(path, change):
    tensors = load_file(path)
    change(tensors)
    save_file(tensors, path)


def test_a_missing_tensor_is_named(weights_path):
    rewrite(weights_path, lambda tensors: tensors.pop("1.running_var"))
    with pytest.raises(InvalidField, match=r"missing: 1\.running_var"):
        load_weights(make_network(1), weights_path)


def test_an_unexpected_tensor_is_named(weights_path):
    rewrite(weights_path, lambda tensors: tensors.update(stranger=torch.zeros(1)))
    with pytest.raises(InvalidField, match="unexpected: stranger"):
        load_weights(make_network(1), weights_path)


def test_a_wrong_shape_is_named(weights_path):
    rewrite(weights_path, lambda tensors: tensors.update({"0.bias": torch.zeros(4)}))
    with pytest.raises(InvalidField, match=r"0\.bias: expected shape \[3\], given \[4\]"):
        load_weights(make_network(1), weights_path)


def test_nan_is_refused(weights_path):
    rewrite(weights_path, lambda tensors: tensors["0.bias"].fill_(float("nan")))
    with pytest.raises(InvalidField, match=r"0\.bias: expected finite"):
        load_weights(make_network(1), weights_path)


def test_a_file_of_another_kind_is_refused(tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"not safetensors at all")
    with pytest.raises(InvalidField, match="safetensors file"):
        load_weights(make_network(1), tmp_path / "model.safetensors")
