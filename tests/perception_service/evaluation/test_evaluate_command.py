"""`perception-service evaluate` from a data set and a bundle to the benchmark's figures."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from perception_service.cli import app
from tests.perception_service.convert import synthetic_nuscenes as data_set

TINY = Path(__file__).parents[3] / "bundles" / "tiny"


def _run(dataroot: Path, out: Path, **changes: object):
    options = {
        "dataroot": dataroot,
        "version": data_set.VERSION,
        "scenes": "scene-0001",
        "bundle": TINY,
        "out": out,
        "sweeps": 3,
    } | changes
    given = [text for name, value in options.items() if value is not None for text in (f"--{name}", str(value))]
    return CliRunner().invoke(app, ["evaluate", *given])


def test_a_bundle_is_evaluated_end_to_end(dataroot, tmp_path):
    result = _run(dataroot, tmp_path)
    assert result.exit_code == 0, result.output
    for figure in ("mAP", "NDS", "mATE", "mASE", "mAOE", "mAVE", "mAAE"):
        assert f"{figure}: " in result.output
    submission = json.loads((tmp_path / "results_nusc.json").read_text())
    assert set(submission["results"]) == {f"sample-{index}" for index in range(data_set.SAMPLES)}
    assert submission["meta"]["use_lidar"]
    assert submission["meta"]["use_camera"]
    boxes = [box for found in submission["results"].values() for box in found]
    assert boxes
    assert all(0 <= box["detection_score"] <= 1 for box in boxes)
    x, y, _ = data_set.ego_pose_at(0.0).translation_m
    assert all(abs(box["translation"][0] - x) < 120 and abs(box["translation"][1] - y) < 120 for box in boxes)
    summary = json.loads((tmp_path / "metrics_summary.json").read_text())
    assert 0.0 <= summary["mean_ap"] <= 1.0


def test_weights_beside_their_configuration_give_what_their_bundle_gives(dataroot, tmp_path):
    from_bundle = _run(dataroot, tmp_path / "bundle", sweeps=1)
    shutil.copytree(TINY / "perception", tmp_path / "weights")
    from_weights = _run(
        dataroot, tmp_path / "out", sweeps=1, bundle=None, weights=tmp_path / "weights" / "model.safetensors"
    )
    assert from_bundle.exit_code == from_weights.exit_code == 0, from_weights.output
    first, second = (json.loads((tmp_path / name / "results_nusc.json").read_text()) for name in ("bundle", "out"))
    assert first == second


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"scenes": "scene-9999"}, "without scene-9999"),
        ({"scenes": None}, "split, scenes"),
        ({"split": "mini_val"}, "split, scenes"),
        ({"scenes": None, "split": "mini_val"}, "without scene-0103"),
        ({"scenes": None, "split": "vall"}, "one of train, val"),
        ({"bundle": None}, "bundle, weights"),
        ({"version": "v1.0-trainval"}, "no directory"),
        ({"bundle": Path("nowhere")}, "nowhere"),
        ({"device": "abacus"}, "a device of this machine"),
    ],
    ids=str,
)
def test_what_cannot_be_evaluated_is_said(dataroot, tmp_path, changes, message):
    result = _run(dataroot, tmp_path, **changes)
    assert result.exit_code == 1
    assert message in result.output
    assert not (tmp_path / "metrics_summary.json").exists()
