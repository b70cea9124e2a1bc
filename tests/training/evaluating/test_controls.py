"""Controls that see less than the model."""

from dataclasses import replace

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from training.evaluating.assessment import true_scenes
from training.evaluating.case import Case
from training.evaluating.case_selection import own_cases
from training.evaluating.commands import controls
from training.evaluating.control_entries import ControlMaker
from training.evaluating.controls.ego_mlp import train_ego_mlp
from training.evaluating.controls.ego_mlps import EGO_MLPS, answers_of_strangers, read_ego_mlps, write_ego_mlps
from training.evaluating.controls.ego_rows import EgoRows, ego_features
from training.evaluating.controls.kinematic import KINEMATIC_CONTROLS
from training.evaluating.controls.perception_ablations import others
from training.evaluating.entry import EntryMaker
from training.loading.further_plans import FurtherPlans
from training.motion.fitting import Fitting
from training.motion.settings import MotionTraining
from waymend.errors import InvalidField
from waymend.trajectory import EgoState, Horizon

HORIZON = Horizon()
FEW = Fitting(steps=300, batch_size=64)


def test_kinematic_controls_need_the_motion_alone(keyframes):
    keyframe = keyframes[0]
    case = Case(keyframe, "test", "truth", keyframe.future_ego_m)
    made = {name: control(case, HORIZON) for name, control in KINEMATIC_CONTROLS.items()}
    np.testing.assert_array_equal(made["input_unchanged"], case.proposal_ego_m)
    np.testing.assert_allclose(made["constant_velocity"][-1], [3 * keyframe.ego_state.speed_mps, 0.0])
    np.testing.assert_array_equal(made["stand_still"], np.zeros((6, 2)))
    assert set(made) == {"input_unchanged", "constant_velocity", "ctra", "stand_still"}


def test_ego_features_hold_motion_route_and_past_poses_by_age():
    features = ego_features(EgoState(5.0, 1.5, 0.25), [[-1.0, -5.0, 0.5, 0.1], [-0.5, -2.5, 0.2, 0.05]], "right")
    np.testing.assert_allclose(features[:6], [0.5, 0.5, 0.5, 0, 1, 0])
    np.testing.assert_allclose(features[6:14], [-0.125, 0.01, 0.05, 1, -0.25, 0.025, 0.1, 1])
    np.testing.assert_array_equal(features[14:], np.zeros(8))


def test_rows_of_a_split_and_of_its_cases_are_the_same(data):
    of_split, of_cases = (
        EgoRows.of_split([data], "val", HORIZON),
        EgoRows.of_cases(own_cases(data, "val").cases, HORIZON),
    )
    assert of_split.scenes == of_cases.scenes
    for name in ("features", "ctra_m", "proposals_m", "truths_m"):
        np.testing.assert_allclose(getattr(of_split, name), getattr(of_cases, name), atol=1e-6)


def test_further_plans_are_rows_of_their_key_frames(data):
    own, more = (EgoRows.of_split([data], "val", HORIZON, FurtherPlans(count, seed=1)) for count in (0, 3))
    assert len(more.scenes) == len(own.scenes) + 3 * 2
    np.testing.assert_array_equal(np.unique(more.truths_m, axis=0), np.unique(own.truths_m, axis=0))
    proposals = {tuple(proposal.ravel()) for proposal in own.proposals_m}
    drawn = {tuple(proposal.ravel()) for proposal in more.proposals_m}
    assert proposals < drawn
    assert len(drawn) > len(proposals) + 3


def made_up_rows(seed, count=400):
    """The truth is the motion's doing, and the proposal is wrong by an offset that the motion does not tell."""
    rng = np.random.default_rng(seed)
    features = rng.normal(0, 1, (count, 22)).astype(np.float32)
    ctra = rng.normal(0, 5, (count, 6, 2)).astype(np.float32)
    truth = ctra + features[:, None, :1] * np.linspace(0.2, 2.0, 6, dtype=np.float32)[:, None]
    proposals = truth + rng.normal(0, 3, (count, 1, 2)).astype(np.float32)
    return EgoRows(features, ctra, proposals, truth, tuple(f"scene-{i % 20}" for i in range(count)))


def error_m(trajectories, rows):
    return float(np.linalg.norm(trajectories - rows.truths_m, axis=-1).mean())


@pytest.mark.parametrize("sees_proposal", [False, True])
def test_the_network_learns_what_the_motion_tells(sees_proposal):
    fit, unseen = made_up_rows(0), made_up_rows(1)
    network = train_ego_mlp(fit, sees_proposal, seed=0, fitting=FEW)
    start = unseen.proposals_m if sees_proposal else unseen.ctra_m
    assert error_m(network.trajectories_m(unseen), unseen) < 0.5 * error_m(start, unseen)


def test_the_network_without_the_proposal_does_not_see_it():
    rows = made_up_rows(0)
    network = train_ego_mlp(rows, False, seed=0, fitting=Fitting(steps=20))
    other = EgoRows(rows.features, rows.ctra_m, rows.proposals_m + 5, rows.truths_m, rows.scenes)
    np.testing.assert_array_equal(network.trajectories_m(rows), network.trajectories_m(other))


def test_equal_seeds_give_equal_networks_and_others_do_not():
    rows = made_up_rows(0)
    made = [train_ego_mlp(rows, True, seed, Fitting(steps=20)).trajectories_m(rows) for seed in (4, 4, 5)]
    np.testing.assert_array_equal(made[0], made[1])
    assert np.abs(made[0] - made[2]).max() > 1e-3


def test_one_scene_is_enough_to_train_on():
    rows = replace(made_up_rows(0, 20), scenes=("scene-0",) * 20)
    assert train_ego_mlp(rows, False, 0, Fitting(steps=5)).trajectories_m(rows).shape == (20, 6, 2)


def test_no_network_answers_for_scenes_that_it_learned_from():
    rows = made_up_rows(0, 40)
    here = np.array([scene in ("scene-0", "scene-1", "scene-5") for scene in rows.scenes])
    truths_m = rows.truths_m.copy()
    truths_m[np.array([scene == "scene-0" for scene in rows.scenes])] += 9.0
    asked = rows.chosen(here)
    before, after = (
        answers_of_strangers(replace(rows, truths_m=truths), asked, True, seed=0)
        for truths in (rows.truths_m, truths_m)
    )
    told = np.array([scene == "scene-0" for scene in asked.scenes])
    np.testing.assert_array_equal(before[told], after[told])
    assert np.abs(before[~told] - after[~told]).max(axis=(1, 2)).min() > 1e-3


def test_scenes_apart_are_answered_by_one_network_of_all():
    rows = made_up_rows(0, 40)
    asked = replace(made_up_rows(1, 6), scenes=("elsewhere",) * 6)
    expected_m = train_ego_mlp(rows, False, seed=3).trajectories_m(asked)
    np.testing.assert_array_equal(answers_of_strangers(rows, asked, False, seed=3), expected_m)


def test_a_split_trains_networks_for_another_and_not_for_its_only_scene(data, nuscenes):
    makers = {}
    for split in ("val", "train"):
        chosen = own_cases(data, split)
        scenes = true_scenes(nuscenes, chosen.keyframes, HORIZON)
        makers[split] = ControlMaker(chosen, EntryMaker(chosen.cases, scenes, HORIZON), HORIZON, 0, lambda _: None)
        makers[split].train_ego_mlps(data)
    assert set(makers["val"].made.entries) == set(EGO_MLPS)
    assert makers["val"].made.absent == {}
    assert makers["train"].made.entries == {}
    assert set(makers["train"].made.absent) == set(EGO_MLPS)
    assert "expected training scenes that are not evaluated" in makers["train"].made.absent["ego_status_mlp"]


def test_stored_networks_answer_as_they_did(data, tmp_path):
    settings = MotionTraining((data,), tmp_path / "controls", steps=20, further_plans=4)
    assert write_ego_mlps(settings) == len(EgoRows.of_split([data], "train", HORIZON, FurtherPlans(4, 7)).scenes)
    rows, unseen = EgoRows.of_split([data], "train", HORIZON, FurtherPlans(4, 7)), made_up_rows(1)
    for name, network in read_ego_mlps(settings.out, HORIZON).items():
        expected = train_ego_mlp(rows, EGO_MLPS[name], 7, Fitting(steps=20))
        np.testing.assert_allclose(network.trajectories_m(unseen), expected.trajectories_m(unseen), atol=0.01)
    with pytest.raises(InvalidField, match=r"controls: expected waypoints every 0\.25 s"):
        read_ego_mlps(settings.out, Horizon(12, 0.25))
    with pytest.raises(InvalidField, match=r"controls: expected a directory with controls\.safetensors"):
        read_ego_mlps(tmp_path, HORIZON)


def test_the_command_writes_networks_and_refuses_what_cannot_be(data, tmp_path):
    app = typer.Typer()
    app.command()(controls)
    command = ["--data", str(data), "--out", str(tmp_path / "controls"), "--further-plans", "0", "--steps", "2"]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    assert "two networks that learned from" in done.output
    again = CliRunner().invoke(app, command)
    assert again.exit_code == 1
    assert "out: expected a new or empty directory" in again.output


def test_shuffled_samples_get_another_scenes_perception(keyframes):
    for seed in range(5):
        other_of = others(keyframes, seed)
        scene_of = {one.sample_token: one.scene_name for one in keyframes}
        assert sorted(other_of) == sorted(other_of.values()) == sorted(scene_of)
        assert all(scene_of[token] != scene_of[other] for token, other in other_of.items())


def test_within_one_scene_each_sample_gets_another_one(keyframes):
    own = keyframes[:2]
    assert others(own, 0) == {own[0].sample_token: own[1].sample_token, own[1].sample_token: own[0].sample_token}
