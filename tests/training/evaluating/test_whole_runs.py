"""Evaluations of the tiny bundle through both services and in process, on one file of proposals."""

import json
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import typer
from PIL import Image
from rich.console import Console
from typer.testing import CliRunner

from tests.training.evaluating.conftest import BUNDLE
from training.evaluating.commands import evaluate as command
from training.evaluating.commands import typed_command
from training.evaluating.report.page import write_page
from training.evaluating.report.tables import print_tables
from training.evaluating.run import Evaluation, evaluate
from training.evaluating.settings import EvaluationSettings

OFF_THE_ROAD = [[[4.5 * k, side * k] for k in range(1, 7)] for side in (1.5, -1.5)]
"""To the left and to the right: whichever way an untrained model leans, it brings one of them nearer to the road."""
CONTROLS = {
    "input_unchanged", "constant_velocity", "ctra", "stand_still", "ego_status_mlp", "ego_status_and_proposal_mlp",
    "model_offline_reference", "model_shuffled_perception", "model_zeroed_perception", "model_without_ego_state",
}  # fmt: skip


@pytest.fixture(scope="module")
def proposals(keyframes, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("proposals") / "proposals.json"
    plans = {one.sample_token: OFF_THE_ROAD[number % 2] for number, one in enumerate(keyframes)}
    path.write_text(json.dumps({"unknown": OFF_THE_ROAD[0]} | plans))
    return path


@pytest.fixture(scope="module")
def make_settings(data, bundle, proposals, tmp_path_factory):
    def make(**changes) -> EvaluationSettings:
        values = {
            "bundle": bundle, "data": data, "out": tmp_path_factory.mktemp("report"), "proposals": proposals,
            "explanations": 2, "pictures": 1, "command": "python -m training eval",
        }  # fmt: skip
        return EvaluationSettings(**(values | changes))

    return make


@pytest.fixture(scope="module")
def offline(make_settings) -> Evaluation:
    return evaluate(make_settings(offline=True))


@pytest.fixture(scope="module")
def served_settings(make_settings) -> EvaluationSettings:
    return make_settings()


@pytest.fixture(scope="module")
def served(served_settings) -> Evaluation:
    return evaluate(served_settings)


def test_both_paths_and_the_reference_agree_to_a_millimetre(offline, served):
    reference = offline.results.controls["model_offline_reference"].outcomes
    for one, other, third in zip(offline.results.model.outcomes, served.results.model.outcomes, reference, strict=True):
        assert one.status == other.status == third.status
        for name in ("trajectory_ego_m", "alone_ego_m", "scale_m"):
            expected = getattr(one, name)
            np.testing.assert_allclose(getattr(other, name), expected, rtol=0, atol=1e-3)
            np.testing.assert_allclose(getattr(third, name), expected, rtol=0, atol=1e-3)


def test_the_model_did_something_and_not_the_same_everywhere(offline):
    outcomes = offline.results.model.outcomes
    assert any(np.abs(outcome.trajectory_ego_m - outcome.alone_ego_m).max() > 0.01 for outcome in outcomes)
    offsets = [o.alone_ego_m - case.proposal_ego_m for o, case in zip(outcomes, offline.results.cases, strict=True)]
    assert min(np.abs(offset).max() for offset in offsets) > 0.01
    assert np.abs(offsets[0] - offsets[-1]).max() > 3e-3


def test_the_file_holds_the_tree_of_model_and_controls(served, served_settings):
    tree = json.loads((served_settings.out / "metrics.json").read_text())
    assert tree == served.tree
    assert set(tree["controls"]) == CONTROLS
    assert tree["absent_controls"] == {}
    assert tree["model"]["before"]["l2_a_avg_m"] == tree["controls"]["input_unchanged"]["l2_a_avg_m"]
    assert tree["model"]["failure_rate"] == 0.0
    assert tree["model"]["truth"]["collision_any_3s_rate"] == 0.0
    assert tree["model"]["before"]["off_road_rate"] == 1.0
    assert tree["by_kind"]["given"]["model"]["cases"] == 6
    assert {split: branch["cases"] for split, branch in tree["by_split"].items()} == {"train": 2, "val": 2, "test": 2}
    unchanged, model = tree["controls"]["input_unchanged"], tree["model"]["after"]
    assert unchanged["lead"]["scenes"] == 3
    assert unchanged["lead"]["l2_a_avg_m"] == pytest.approx(unchanged["l2_a_avg_m"] - model["l2_a_avg_m"])
    assert tree["model"]["faithfulness"]["explanations"] == 2


def test_the_protocol_says_what_was_evaluated_and_what_was_missing(served):
    protocol = served.tree["protocol"]
    assert (protocol["cases"], protocol["keyframes"], protocol["scenes"]) == (6, 6, 3)
    assert protocol["cases_by_split"] == {"train": 2, "val": 2, "test": 2}
    assert (protocol["given_tokens"], protocol["missing_tokens"]) == (7, 1)
    assert protocol["missing_tokens_listed"] == ["unknown"]
    assert protocol["bundle"]["name"] == "waymend-tiny"
    assert protocol["bundle"]["trained"] is False
    assert len(protocol["bundle"]["manifest_sha256"]) == 64
    assert protocol["path"] == "served"
    assert protocol["control_networks"] == f"{protocol['bundle']['directory']}/training/controls"
    assert protocol["control_data"] is None


def test_perception_and_motion_matter_to_the_model(offline):
    alone = {name: entry.outcomes for name, entry in offline.results.controls.items() if name.startswith("model_")}
    reference = alone.pop("model_offline_reference")
    for outcomes in alone.values():
        moved = [np.abs(a.alone_ego_m - b.alone_ego_m).max() for a, b in zip(outcomes, reference, strict=True)]
        assert min(moved) > 1e-4


def test_latencies_are_measured_both_ways(offline, served):
    for evaluation in (offline, served):
        latency = evaluation.tree["model"]["latency"]
        assert latency["trajectory"]["count"] == 6
        assert latency["perception"]["count"] == 6
        assert latency["trajectory"]["p50_ms"] > 0
    assert served.tree["model"]["latency"]["request"]["count"] == 4


class _Page(HTMLParser):
    """Tags that are open, images, and the text of headings."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open, self.images, self.outside, self.text = [], [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        named = dict(attrs)
        if tag == "img":
            self.images.append(named["src"])
        if tag not in ("meta", "img"):
            self.open.append(tag)
        self.outside += [value for name, value in attrs if name in ("src", "href") and not value.startswith("data:")]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def test_the_page_opens_and_needs_nothing_beside_it(served, served_settings):
    import base64

    page = _Page(write_page(served, served_settings).read_text())
    assert page.open == []
    assert page.outside == []
    assert len(page.images) == 3 + 3
    for source in page.images:
        image = Image.open(BytesIO(base64.b64decode(source.removeprefix("data:image/png;base64,"))))
        image.load()
        assert image.width > 300
    for words in (
        "The bundle is untrained",
        "1 of 7 samples",
        "2 of 6 cases are of the training split",
        "ego status and proposal mlp",
        "Worst",
    ):
        assert words in page.text


def test_the_tables_show_model_and_controls(served):
    console = Console(record=True, width=150, file=open("/dev/null", "w"))  # noqa: SIM115
    print_tables(served.tree, console)
    shown = console.export_text()
    for name in (*CONTROLS - {"input_unchanged"}, "input", "model before the verifier", "truth", "given"):
        assert name.replace("_", " ") in shown
    model = next(line for line in shown.splitlines() if line.startswith(" model  ") or line.startswith("model  "))
    assert f"{served.tree['model']['after']['l2_a_avg_m']:.2f}" in model


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--offline", "--url", "http://127.0.0.1:9"], "either --offline or --url"),
        (["--url", "http://127.0.0.1:9", "--limit", "1"], "a running llm_service"),
        (["--url", "http://127.0.0.1:nine", "--limit", "1"], "the address of a running llm_service"),
        (["--kinds", "nonsense"], "kinds: expected some of truth"),
        (["--split", "dev"], "split: expected one of train, val, test, all"),
        (["--limit", "0"], "limit: expected at least 1"),
        (["--proposals", "nothing.json"], "a JSON file"),
        (["--explanations", "-1"], "explanations: expected at least 0"),
    ],
)
def test_wrong_arguments_end_with_their_reason(data, tmp_path, arguments, said):
    app = typer.Typer()
    app.command()(command)
    told = ["--bundle", str(BUNDLE), "--data", str(data), "--out", str(tmp_path / "report"), *arguments]
    result = CliRunner().invoke(app, told)
    assert result.exit_code == 1
    assert said in result.output
    assert not (tmp_path / "report/metrics.json").exists()


def test_the_recorded_command_keeps_a_key_to_itself():
    assert (
        typed_command(["eval", "--api-key", "secret", "--out", "a b"])
        == "python -m training eval --api-key ... --out 'a b'"
    )
    assert "secret" not in typed_command(["eval", "--api-key=secret"])
