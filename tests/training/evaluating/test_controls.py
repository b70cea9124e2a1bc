"""Controls that see less than the model."""

from dataclasses import replace

import numpy as np
import pytest

from training.evaluating.case import Case
from training.evaluating.controls.ego_mlp import train_ego_mlp
from training.evaluating.controls.ego_rows import EgoRows, ego_features
from training.evaluating.controls.kinematic import KINEMATIC_CONTROLS
from training.evaluating.controls.perception_ablations import others
from training.loading.further_plans import FurtherPlans
from training.motion.fitting import Fitting
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
    from training.evaluating.case_selection import own_cases

    of_split, of_cases = EgoRows.of_split(data, "val", HORIZON), EgoRows.of_cases(own_cases(data, "val").cases, HORIZON)
    assert of_split.scenes == of_cases.scenes
    for name in ("features", "ctra_m", "proposals_m", "truths_m"):
        np.testing.assert_allclose(getattr(of_split, name), getattr(of_cases, name), atol=1e-6)


def test_further_plans_are_rows_of_their_key_frames(data):
    own, more = (EgoRows.of_split(data, "val", HORIZON, FurtherPlans(count, seed=1)) for count in (0, 3))
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


def test_shuffled_samples_get_another_scenes_perception(keyframes):
    for seed in range(5):
        other_of = others(keyframes, seed)
        scene_of = {one.sample_token: one.scene_name for one in keyframes}
        assert sorted(other_of) == sorted(other_of.values()) == sorted(scene_of)
        assert all(scene_of[token] != scene_of[other] for token, other in other_of.items())


def test_within_one_scene_each_sample_gets_another_one(keyframes):
    own = keyframes[:2]
    assert others(own, 0) == {own[0].sample_token: own[1].sample_token, own[1].sample_token: own[0].sample_token}
