"""Proposals: which there are, and that planners' errors have the measured size."""

import numpy as np
import pytest

from tests.training.data.samples.keyframes import (
    HORIZON,
    TIMES_S,
    braking,
    car,
    keyframe,
    left_turn,
    parallel_lanes,
    straight_on,
)
from training.data.samples.planner_errors import GOOD_PLANNER, OLDER_PLANNER, perturbed, rms_at
from training.data.samples.proposals import PROPOSAL_KINDS, proposals_for
from training.data.samples.seeds import stream
from training.data.samples.truth_path import DrivenPath
from waymend.errors import InvalidField
from waymend.trajectory import Horizon

GOOD = {"along": [0.13, 0.31, 0.61, 1.08, 1.76, 2.59], "across": [0.10, 0.12, 0.22, 0.38, 0.61, 0.88]}
OLDER = {"along": [0.86, 1.7, 2.3, 3.0, 3.9, 5.0], "across": [0.17, 0.33, 0.49, 0.71, 0.93, 1.14]}


def by_kind(frame, seed=0):
    return {proposal.kind: proposal.waypoints_ego_m for proposal in proposals_for(frame, HORIZON, stream(seed, "a"))}


def drawn(truth, errors, count=20_000):
    """Errors [count, T, 2] of plans for one truth."""
    driven, random = DrivenPath.of(truth, TIMES_S), np.random.default_rng(1)
    return np.array([perturbed(driven, errors, random) for _ in range(count)]) - truth


def test_a_turn_with_braking_behind_something_has_every_kind():
    truth = left_turn()
    truth[3:] = truth[3]
    frame = keyframe(truth, 8.0, [car(10.0, 22.0, np.pi / 2)], parallel_lanes(0.0, 3.5))
    plans = by_kind(frame)
    assert tuple(plans) == PROPOSAL_KINDS
    assert all(plan.shape == (6, 2) and np.isfinite(plan).all() for plan in plans.values())
    np.testing.assert_array_equal(plans["truth"], truth)


def test_straight_on_at_constant_speed_there_is_nothing_to_brake_for_and_no_corner():
    assert set(PROPOSAL_KINDS) - set(by_kind(keyframe(straight_on()))) == {"late_braking", "corner_cutting"}


def test_a_vehicle_that_stands_cannot_err_but_in_starting():
    plans = by_kind(keyframe(straight_on(0.0), speed_mps=0.0))
    assert set(plans) == {
        "truth", "constant_velocity", "ctra", "constant_curvature", "planner_good", "planner_older",
        "planner_varied",
    }  # fmt: skip
    assert not plans["constant_velocity"].any()


def test_extrapolations_keep_what_they_are_named_for():
    plans = by_kind(keyframe(straight_on()))
    np.testing.assert_allclose(plans["constant_velocity"], straight_on(10.0))
    radius, turned = 10.0 / 0.1, 0.1 * TIMES_S
    np.testing.assert_allclose(
        plans["constant_curvature"], radius * np.stack([np.sin(turned), 1 - np.cos(turned)], axis=1)
    )
    gained = np.linalg.norm(plans["ctra"], axis=1) - np.linalg.norm(plans["constant_curvature"], axis=1)
    np.testing.assert_allclose(gained, 0.2 * TIMES_S**2 / 2, atol=0.01)


def test_equal_seeds_give_equal_proposals_and_others_do_not():
    frame = keyframe(straight_on())
    first, again, other = by_kind(frame), by_kind(frame), by_kind(frame, seed=1)
    for kind, plan in first.items():
        np.testing.assert_array_equal(plan, again[kind])
    changed = {kind for kind, plan in first.items() if not np.array_equal(plan, other[kind])}
    assert changed >= {"planner_good", "planner_older", "wrong_lane", "overspeed"}


@pytest.mark.parametrize(("errors", "table"), [(GOOD_PLANNER, GOOD), (OLDER_PLANNER, OLDER)], ids=["good", "older"])
def test_errors_of_planners_have_the_measured_rms(errors, table):
    """Straight on, along and across are x and y."""
    error = drawn(straight_on(15.0), errors)
    rms = np.sqrt(np.square(error).mean(axis=0))
    np.testing.assert_allclose(rms[:, 0], table["along"], rtol=0.03)
    np.testing.assert_allclose(rms[:, 1], table["across"], rtol=0.03)
    assert np.abs(error.mean(axis=0)).max() < 0.1


def test_errors_are_smooth_over_time_and_independent_along_and_across():
    """The correlation of a squared exponential of 1.5 s: 0.946 over half a second, 0.249 over two and a half."""
    error = drawn(straight_on(15.0), GOOD_PLANNER)
    correlation = np.corrcoef(np.concatenate([error[..., 0], error[..., 1]], axis=1).T)
    expected = np.exp(-np.square((TIMES_S[:, None] - TIMES_S) / 1.5) / 2)
    np.testing.assert_allclose(correlation[:6, :6], expected, atol=0.04)
    np.testing.assert_allclose(correlation[:6, 6:], 0.0, atol=0.04)


def test_errors_have_heavier_tails_than_gaussian_ones():
    error = drawn(straight_on(15.0), GOOD_PLANNER)[:, -1, 1]
    assert np.mean(error**4) / np.mean(error**2) ** 2 == pytest.approx(4.5, abs=0.5)


def test_in_a_turn_errors_follow_the_path():
    """At the end of a half circle, along the path is back and across is along x."""
    truth = left_turn(speed_mps=15.0 * np.pi / 3, radius_m=15.0)
    error = drawn(truth, GOOD_PLANNER, 4000)[:, -1]
    assert np.sqrt(np.mean(error[:, 0] ** 2)) == pytest.approx(2.59, rel=0.1)
    assert np.sqrt(np.mean(error[:, 1] ** 2)) == pytest.approx(0.88, rel=0.2)


@pytest.mark.parametrize(
    "truth", [straight_on(0.0), straight_on(1.0), braking(4.0)], ids=["stands", "crawls", "brakes"]
)
def test_no_plan_drives_backwards_or_sideways(truth):
    plans = truth + drawn(truth, OLDER_PLANNER, 2000)
    steps = np.diff(plans, axis=1, prepend=0.0)
    assert steps[..., 0].min() >= -1e-9
    assert (np.abs(plans[..., 1]) <= 0.5 * plans[..., 0] + 1e-9).all()
    assert np.sqrt(np.mean((plans - truth)[:, -1, 0] ** 2)) == pytest.approx(5.0, rel=0.1)


def test_errors_beyond_three_seconds_go_on_growing():
    np.testing.assert_allclose(rms_at(GOOD_PLANNER.along_m, np.array([0.25, 3.0, 4.0])), [0.065, 2.59, 2.59 + 2 * 0.83])


def test_a_future_of_another_horizon_is_refused():
    with pytest.raises(InvalidField, match="future_ego_m: expected 8 waypoints"):
        proposals_for(keyframe(straight_on()), Horizon(8, 0.5), stream(0, "a"))
