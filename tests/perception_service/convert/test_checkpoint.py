"""Checkpoints of every known layout, made here from random weights, become weights that load strictly."""

import json
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer
from typer.testing import CliRunner

from perception_service.cli import app
from perception_service.convert.checkpoint import convert_checkpoint
from perception_service.models.perception_model import PerceptionModel
from perception_service.models.presets import preset
from perception_service.models.weights import load_weights
from tests.perception_service.models.bevfusion.complete_model import complete_config
from waymend.errors import InvalidField

State = OrderedDict[str, torch.Tensor]


@pytest.fixture(scope="module")
def config():
    return complete_config()


@pytest.fixture(scope="module")
def weights(config) -> State:
    torch.manual_seed(3)
    return PerceptionModel.from_config(config).bevfusion.state_dict()


@pytest.fixture(scope="module")
def tiny_model() -> PerceptionModel:
    torch.manual_seed(0)
    return PerceptionModel.from_config(preset("tiny"))


def in_mmcv_layout(state: State) -> State:
    return OrderedDict(
        (name, tensor.permute(1, 2, 3, 4, 0).contiguous() if tensor.dim() == 5 else tensor)
        for name, tensor in state.items()
    )


def with_version_mark(state: State) -> State:
    marked = OrderedDict(state)
    marked._metadata = OrderedDict({"pts_middle_encoder.conv_input.0": {"version": 2}})  # ty: ignore[unresolved-attribute]
    return marked


def as_mmengine(state: State) -> dict:
    history = HistoryBuffer(log_history=[1.0, 0.5], count_history=[1, 1])
    hub = {"log_scalars": {"train/loss": history}, "runtime_info": {"iter": np.float64(7.0), "lr": np.arange(3.0)}}
    return {
        "meta": {"epoch": 6, "seed": 0, "classes": ["car"]},
        "state_dict": state,
        "message_hub": hub,
        "optimizer": {},
    }


LAYOUTS: dict[str, Callable[[State], object]] = {
    "bare": lambda state: state,
    "spconv without a mark": lambda state: {"state_dict": state},
    "spconv with a mark": lambda state: {"state_dict": with_version_mark(state)},
    "mmcv": lambda state: {"state_dict": in_mmcv_layout(state)},
    "with training history": as_mmengine,
    "distributed": lambda state: {"state_dict": OrderedDict((f"module.{name}", t) for name, t in state.items())},
    "with a preprocessor": lambda state: {"state_dict": {**state, "data_preprocessor.mean": torch.zeros(3, 1, 1)}},
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_known_layout_loads_strictly_and_bit_for_bit(tmp_path, config, weights, layout):
    torch.save(LAYOUTS[layout](weights), tmp_path / "published.pth")
    conversion = convert_checkpoint(config, tmp_path / "published.pth", tmp_path / "out")
    model = PerceptionModel.from_config(json.loads((tmp_path / "out" / "config.json").read_text()))
    load_weights(model, tmp_path / "out" / "model.safetensors")
    for name, tensor in model.bevfusion.state_dict().items():
        assert torch.equal(tensor, weights[name]), name
    outcomes = [tensor.outcome for tensor in conversion.tensors]
    kernels = sum(tensor.dim() == 5 for tensor in weights.values())
    assert outcomes.count("permuted") == (kernels if layout == "mmcv" else 0)
    assert outcomes.count("left out") == (1 if layout == "with a preprocessor" else 0)
    assert set(conversion.untrained) == {"bev_tokens", "image_tokens", "vector_tokens"}
    assert json.loads((tmp_path / "out" / "conversion.json").read_text())["checkpoint"] == "published.pth"


def _without(state: State) -> State:
    return OrderedDict(list(state.items())[1:])


def _changed(name: str, change: Callable[[torch.Tensor], torch.Tensor]) -> Callable[[State], State]:
    return lambda state: OrderedDict(state, **{name: change(state[name])})


MISFITS: dict[str, tuple[str, Callable[[State], State]]] = {
    "missing": (r"missing \S+", _without),
    "unexpected": (
        "unexpected seg_head.weight",
        lambda state: OrderedDict(state, **{"seg_head.weight": torch.zeros(1)}),
    ),
    "misshapen": (
        r"pts_middle_encoder.conv_out.0.weight of shape \[2, 2\] instead of",
        _changed("pts_middle_encoder.conv_out.0.weight", lambda _: torch.zeros(2, 2)),
    ),
    "not finite": ("shared_conv.bias with NaN", _changed("bbox_head.shared_conv.bias", lambda bias: bias * torch.nan)),
    "of another type": (
        "bbox_head.shared_conv.bias of type torch.int64 instead of torch.float32",
        _changed("bbox_head.shared_conv.bias", lambda bias: bias.long()),
    ),
    "sparse": ("bbox_head.shared_conv.bias of layout", _changed("bbox_head.shared_conv.bias", torch.Tensor.to_sparse)),
    "of an older project": (
        r"expected view_transform\.\*, given vtransform",
        lambda state: OrderedDict((name.replace("view_transform", "vtransform"), t) for name, t in state.items()),
    ),
    "another grid": ("view_transform.dx of another grid", _changed("view_transform.dx", lambda dx: dx * 2)),
}


@pytest.mark.parametrize("misfit", MISFITS)
def test_what_does_not_fit_is_named_and_nothing_is_written(tmp_path, config, weights, misfit):
    message, change = MISFITS[misfit]
    torch.save({"state_dict": change(weights)}, tmp_path / "broken.pth")
    with pytest.raises(InvalidField, match=rf"broken\.pth: .*{message}"):
        convert_checkpoint(config, tmp_path / "broken.pth", tmp_path / "out")
    assert not (tmp_path / "out").exists()


class Hostile:
    def __reduce__(self):
        return (Path.touch, (Path("touched-by-a-pickle"),))


@pytest.mark.parametrize(
    "content", [Hostile(), {"state_dict": {"weight": Hostile()}}, {"state_dict": {}}, {1: torch.zeros(1)}, [1, 2]]
)
def test_what_is_no_checkpoint_is_refused_and_runs_nothing(tmp_path, monkeypatch, config, content):
    monkeypatch.chdir(tmp_path)
    torch.save(content, tmp_path / "hostile.pth")
    with pytest.raises(InvalidField, match=r"hostile\.pth"):
        convert_checkpoint(config, tmp_path / "hostile.pth", tmp_path / "out")
    assert not (tmp_path / "touched-by-a-pickle").exists()


def test_the_command_prints_a_summary_and_refuses_without_a_trace(tmp_path, tiny_model):
    torch.save({"state_dict": tiny_model.bevfusion.state_dict()}, tmp_path / "tiny.pth")
    arguments = [
        "convert",
        "--config",
        "tiny",
        "--checkpoint",
        str(tmp_path / "tiny.pth"),
        "--out",
        str(tmp_path / "out"),
    ]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0
    assert f"{len(tiny_model.bevfusion.state_dict())} tensors taken" in result.output
    arguments[2] = str(tmp_path / "nowhere.py")
    refused = CliRunner().invoke(app, arguments)
    assert refused.exit_code == 1
    assert "nowhere.py: expected an mmengine config file" in refused.output
    assert "Traceback" not in refused.output


def test_the_command_names_every_tensor_that_does_not_fit(tmp_path, tiny_model):
    names = list(tiny_model.bevfusion.state_dict())
    torch.save({"state_dict": {"stranger": torch.zeros(1)}}, tmp_path / "other.pth")
    checkpoint, out = str(tmp_path / "other.pth"), str(tmp_path / "out")
    refused = CliRunner().invoke(app, ["convert", "--config", "tiny", "--checkpoint", checkpoint, "--out", out])
    assert refused.exit_code == 1
    lines = refused.output.splitlines()
    assert lines[1:] == [*(f"missing {name}" for name in names), "unexpected stranger"]


def test_a_converted_directory_is_what_the_evaluation_reads(tmp_path, tiny_model):
    from perception_service.evaluation.run import chosen_pipeline
    from perception_service.inference_options import InferenceOptions

    torch.save(tiny_model.bevfusion.state_dict(), tmp_path / "tiny.pth")
    convert_checkpoint(preset("tiny"), tmp_path / "tiny.pth", tmp_path / "out")
    pipeline = chosen_pipeline(None, tmp_path / "out" / "model.safetensors", "cpu", InferenceOptions())
    assert pipeline.config.preset == "tiny"
