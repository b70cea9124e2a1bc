"""`python -m training data` from traffic and logs to samples and pictures, as a user calls it."""

import json

import pytest
from nuscenes.nuscenes import NuScenes
from typer.testing import CliRunner

from tests.training.data.scenarionet.scenario_files import waymo_scenario, written
from training.data.commands import app
from training.data.samples.loading import load_conversations

COARSE = ["--width", "88", "--height", "32", "--lidar-columns", "90", "--workers", "1"]


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Three drives, their samples and the page about them."""
    root = tmp_path_factory.mktemp("data")
    results = [
        run("synthesize", "--out", root / "drives", "--scenes", 3, "--seed", 1, *COARSE),
        run("build", "--nuscenes", root / "drives", "--out", root / "samples", "--seed", 1, "--workers", 1),
        run("inspect", root / "samples", "--pictures", 2),
    ]
    return root, results


def test_every_step_ends_well(made):
    _, results = made
    for result in results:
        assert result.exit_code == 0, result.output
    assert "3 scenes, 123 samples" in results[0].output


def test_the_drives_are_a_nuscenes_data_set(made):
    root, _ = made
    nuscenes = NuScenes("v1.0-mini", str(root / "drives"), verbose=False)
    assert len(nuscenes.scene) == 3
    assert len(nuscenes.sample) == 123


def test_samples_fill_the_splits_and_inspection_counts_them(made):
    root, results = made
    summary = json.loads((root / "samples" / "summary.json").read_text())
    assert summary["scenes"] == {"train": 1, "val": 1, "test": 1}
    assert len(load_conversations(root / "samples", "train")) == summary["conversations"]["train"] > 100
    for count in summary["proposal_kinds"].values():
        assert str(count) in results[2].output


def test_the_page_shows_histograms_and_key_frames(made):
    root, _ = made
    page = (root / "samples" / "inspection" / "index.html").read_text()
    pictures = sorted(path.name for path in (root / "samples" / "inspection").glob("*.png"))
    assert len(pictures) == 3
    assert all(f"{name}" in page for name in pictures)
    assert min(path.stat().st_size for path in (root / "samples" / "inspection").glob("*.png")) > 20_000


def test_a_log_that_cannot_be_used_stops_the_import_or_is_skipped(tmp_path):
    good = written(tmp_path, waymo_scenario(), "good.pkl")
    bad = tmp_path / "bad.pkl"
    bad.write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    stopped = run("import-scenarionet", good, bad, "--out", tmp_path / "stopped", *COARSE)
    assert stopped.exit_code == 1
    assert "bad.pkl: expected a pickle" in stopped.output
    assert not (tmp_path / "stopped").exists()
    skipped = run("import-scenarionet", good, bad, "--out", tmp_path / "skipped", "--on-error", "skip", *COARSE)
    assert skipped.exit_code == 0, skipped.output
    assert "1 scenes, 1 files skipped" in skipped.output
    assert len(NuScenes("v1.0-mini", str(tmp_path / "skipped"), verbose=False).scene) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["build", "--nuscenes", "{empty}", "--out", "{out}"], "version: expected tables in"),
        (["inspect", "{empty}"], "expected one with correction samples"),
        (["synthesize", "--out", "{full}", "--scenes", "1"], "out: expected an empty or new folder"),
    ],
    ids=["no data set", "no samples", "a folder that holds something"],
)
def test_wrong_input_ends_with_one_line(tmp_path, arguments, said):
    (tmp_path / "empty").mkdir()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "precious").write_text("x")
    places = {name: tmp_path / name for name in ("empty", "full", "out")}
    result = run(*(argument.format(**places) for argument in arguments))
    assert result.exit_code == 1
    assert said in result.output
    assert "Traceback" not in result.output
