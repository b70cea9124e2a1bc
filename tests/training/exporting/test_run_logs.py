"""What a bundle keeps of its training."""

import json
import shutil

import pytest
from torch import nn

from training.evaluating.controls.ego_mlp import EgoMlp
from training.evaluating.controls.ego_mlps import EGO_MLPS
from training.exporting.run_logs import keep_controls, keep_logs
from training.exporting.run_record import read_chain
from training.motion.weights import save_fitted
from waymend.bundle import open_bundle
from waymend.errors import InvalidField
from waymend.trajectory import Horizon


@pytest.fixture
def runs(lora_stage, full_stage, tmp_path):
    """Both stages as runs leave them, with a perception half that was trained before."""
    seeing, sft, full = (tmp_path / name for name in ("seeing", "sft", "full"))
    seeing.mkdir()
    for name in ("recipe.json", "forecast_log.jsonl", "loss.png", "config.json", "model.safetensors"):
        (seeing / name).write_text(name)
    for source, run, start in ((lora_stage, sft, "builtin:tiny"), (full_stage, full, str(sft))):
        shutil.copytree(source, run)
        (run / "recipe.yaml").write_text(f"model_name_or_path: {start}\nperception: {seeing}\n")
        (run / "training_log.jsonl").write_text(json.dumps({"step": 1, "loss": 2.0}) + "\n")
    (tmp_path / "prior").mkdir()
    (tmp_path / "prior/motion.json").write_text("{}")
    with (full / "recipe.yaml").open("a") as recipe:
        recipe.write(f"motion_prior: {tmp_path / 'prior'}\n")
    return full


def test_recipes_and_logs_of_all_stages_are_kept(runs, tmp_path):
    keep_logs(read_chain(runs), tmp_path / "bundle")
    logs = tmp_path / "bundle/training"
    kept = sorted(path.relative_to(logs).as_posix() for path in logs.rglob("*.*"))
    assert kept == [
        "0-encoders/forecast_log.jsonl",
        "0-encoders/loss.png",
        "0-encoders/recipe.json",
        "1-sft/recipe.yaml",
        "1-sft/training_log.jsonl",
        "2-full_finetune/motion.json",
        "2-full_finetune/recipe.yaml",
        "2-full_finetune/training_log.jsonl",
    ]
    assert (logs / "2-full_finetune/recipe.yaml").read_bytes() == (runs / "recipe.yaml").read_bytes()


def test_networks_for_an_evaluation_are_kept_where_they_fit(tmp_path):
    networks = {name: EgoMlp.untrained(Horizon(), sees).network for name, sees in EGO_MLPS.items()}
    (tmp_path / "controls").mkdir()
    save_fitted(nn.ModuleDict(networks), tmp_path / "controls/controls.safetensors", 0.5)
    (tmp_path / "controls/controls.json").write_text("{}")
    keep_controls(tmp_path / "controls", Horizon(), tmp_path / "bundle")
    kept = sorted(path.name for path in (tmp_path / "bundle/training/controls").iterdir())
    assert kept == ["controls.json", "controls.safetensors"]
    with pytest.raises(InvalidField, match="controls: expected waypoints every 1 s"):
        keep_controls(tmp_path / "controls", Horizon(6, 1.0), tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_what_is_gone_is_left_out(full, lora_stage, tmp_path):
    keep_logs(read_chain(lora_stage), tmp_path / "bundle")
    assert not (tmp_path / "bundle").exists()
    assert not any(path.startswith("training/") for path in open_bundle(full).manifest.files)
