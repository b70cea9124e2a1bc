"""Annotated boxes, submitted as detections, are perfect detections to the devkit; changed ones are not."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from nuscenes.nuscenes import NuScenes

from perception_service.convert.nuscenes_sample import frame_from_sample
from perception_service.evaluation.detection_eval import SamplesDetectionEval
from perception_service.evaluation.splits import samples_of_scenes
from perception_service.evaluation.submission import SampleDetections, submitted_box, write_submission
from perception_service.limits import FrameLimits
from perception_service.wire.decode import decode_frame
from waymend.agents import AgentBox
from waymend.geometry import Pose

Change = Callable[[AgentBox], AgentBox]
PRESENT = ("car", "pedestrian")


@pytest.fixture(scope="module")
def truth(nuscenes: NuScenes) -> dict[str, SampleDetections]:
    """The annotated boxes of every sample, as the service knows them."""
    found = {}
    with ThreadPoolExecutor(2) as decoders:
        for token in samples_of_scenes(nuscenes, ["scene-0001"]):
            scene = decode_frame(frame_from_sample(nuscenes, token).message(), FrameLimits(), decoders)
            assert scene.agents
            found[token] = SampleDetections(scene.agents, scene.global_from_ego)
    return found


@pytest.fixture
def summary_of(nuscenes: NuScenes, truth: dict[str, SampleDetections], tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """The devkit's summary of the true boxes after a change to each of them."""

    def summary(change: Change = lambda box: box) -> dict[str, Any]:
        changed = {
            token: replace(sample, boxes=[change(box) for box in sample.boxes]) for token, sample in truth.items()
        }
        write_submission(tmp_path / "results.json", changed)
        return SamplesDetectionEval(nuscenes, tmp_path / "results.json", list(truth), tmp_path).main(
            render_curves=False
        )

    return summary


def test_true_boxes_are_perfect_detections(summary_of):
    summary = summary_of()
    for name in PRESENT:
        assert summary["mean_dist_aps"][name] > 0.99
        for error, value in summary["label_tp_errors"][name].items():
            assert value == pytest.approx(0.0, abs=1e-3), (name, error)
    assert summary["mean_ap"] == pytest.approx(0.1 * len(PRESENT), abs=1e-3)


@pytest.mark.parametrize(
    ("change", "error", "lowest", "highest"),
    [
        (lambda box: replace(box, length_m=box.width_m, width_m=box.length_m), "scale_err", 0.3, 1.0),
        (lambda box: replace(box, yaw_rad=box.yaw_rad + 0.5), "orient_err", 0.49, 0.51),
        (lambda box: replace(box, velocity_ego_mps=(box.velocity_ego_mps[0] + 3, 0.0)), "vel_err", 2.0, 4.0),
        (lambda box: replace(box, velocity_ego_mps=(box.velocity_ego_mps[0] + 3, 0.0)), "attr_err", 1.0, 1.0),
        (
            lambda box: replace(box, center_ego_m=(box.center_ego_m[0] + 0.3, *box.center_ego_m[1:])),
            "trans_err",
            0.29,
            0.31,
        ),
    ],
    ids=["size", "yaw", "velocity", "attribute", "centre"],
)
def test_each_kind_of_mistake_shows_in_its_own_error(summary_of, change, error, lowest, highest):
    summary = summary_of(change)
    assert lowest <= summary["label_tp_errors"]["car"][error] <= highest
    assert summary["mean_dist_aps"]["car"] > 0.99


def test_boxes_under_each_others_class_find_nothing(summary_of):
    other = {"car": "pedestrian", "pedestrian": "car"}
    summary = summary_of(lambda box: replace(box, object_class=other[box.object_class]))
    for name in PRESENT:
        assert summary["label_aps"][name][2.0] == 0.0
        assert summary["mean_dist_aps"][name] < 0.25


def test_boxes_of_a_mirrored_world_find_nothing(summary_of):
    summary = summary_of(
        lambda box: replace(box, center_ego_m=(box.center_ego_m[0], -box.center_ego_m[1], box.center_ego_m[2]))
    )
    assert summary["mean_ap"] < 0.05


def test_a_submission_without_boxes_has_a_mean_ap_of_zero(nuscenes, truth, tmp_path):
    write_submission(tmp_path / "results.json", {token: replace(sample, boxes=()) for token, sample in truth.items()})
    evaluation = SamplesDetectionEval(nuscenes, tmp_path / "results.json", list(truth), tmp_path / "out")
    assert evaluation.main(render_curves=False)["mean_ap"] == 0.0


def test_a_box_is_written_in_the_global_frame():
    global_from_ego = Pose.from_yaw(np.pi / 2, (100.0, 200.0, 0.5))
    box = AgentBox("", "bus", (10.0, 2.0, 1.0), 11.0, 2.9, 3.4, 0.25, (5.0, 0.0), 0.75)
    entry = submitted_box(box, "token", global_from_ego)
    assert entry["translation"] == pytest.approx([98.0, 210.0, 1.5])
    assert entry["size"] == [2.9, 11.0, 3.4]
    half = (np.pi / 2 + 0.25) / 2
    assert entry["rotation"] == pytest.approx([np.cos(half), 0, 0, np.sin(half)])
    assert entry["velocity"] == pytest.approx([0.0, 5.0])
    assert (entry["detection_name"], entry["detection_score"]) == ("bus", 0.75)
    assert (entry["sample_token"], entry["attribute_name"]) == ("token", "vehicle.moving")


def test_only_the_best_five_hundred_boxes_are_submitted(nuscenes, truth, tmp_path):
    box = next(iter(truth.values())).boxes[0]
    many = [replace(box, score=score) for score in np.linspace(1, 0, 700).tolist()]
    token, sample = next(iter(truth.items()))
    write_submission(tmp_path / "results.json", {token: replace(sample, boxes=many)})
    evaluation = SamplesDetectionEval(nuscenes, tmp_path / "results.json", [token], tmp_path)
    scores = [found.detection_score for found in evaluation.pred_boxes[token]]
    assert scores == [box.score for box in many[:500]]
