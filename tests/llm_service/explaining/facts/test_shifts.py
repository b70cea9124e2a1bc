import numpy as np
import pytest

from llm_service.explaining.claims import FinalSpeed, Kept, NoChange, ShiftAcross, ShiftAlong
from llm_service.explaining.facts.shifts import changes
from llm_service.verifier.course import shifts_m
from tests.llm_service.explaining import situations
from tests.llm_service.explaining.scenes import agent, circle, keyframe, straight
from waymend.trajectory import EgoState


def found(frame, proposal_ego_m, kind):
    return [claim for claim in changes(situations.of(frame, proposal_ego_m)) if isinstance(claim, kind)]


def test_braking_comes_less_far_at_every_waypoint():
    shifts = found(keyframe(straight(10.0, -2.0)), straight(10.0), ShiftAlong)
    assert [(shift.direction, shift.time_s) for shift in shifts] == [("shorter", 0.5 * k) for k in range(1, 7)]
    assert [shift.size_m for shift in shifts] == pytest.approx([0.25, 1.0, 2.25, 4.0, 6.25, 9.0])


@pytest.mark.parametrize(("left_m", "side"), [(2.0, "left"), (-2.0, "right")])
def test_a_correction_to_one_side_is_a_shift_across(left_m, side):
    last = found(keyframe(straight(10.0, left_m=left_m)), straight(10.0), ShiftAcross)[-1]
    assert (last.side, last.time_s) == (side, 3.0)
    assert last.size_m == pytest.approx(2.0, abs=0.01)


def test_two_speeds_on_one_circle_differ_along_it_alone():
    """24 m and 30 m of the same circle; straight down the ego axes they would seem to lie 4 m apart across."""
    situation = situations.of(keyframe(circle(8.0, 20.0)), circle(10.0, 20.0))
    along_m, left_m = shifts_m(situation.proposal, situation.correction)[-1]
    assert along_m == pytest.approx(-6.0, abs=0.1)
    assert abs(left_m) < 0.2


def test_sides_are_those_of_the_path_and_not_of_the_vehicle_now():
    """After a right angle to the left, outside of the bend is to the right, though it lies ahead."""
    truth = circle(np.pi / 2 * 20 / 3, 20.0)
    inside = truth + np.array([-1.0, 0.0]) * np.linspace(0, 1, 6)[:, None]
    assert found(keyframe(truth), inside, ShiftAcross)[-1].side == "right"


def test_final_speeds_are_those_of_the_last_step():
    (speeds,) = found(keyframe(straight(10.0, -2.0)), straight(10.0), FinalSpeed)
    assert (speeds.planned_mps, speeds.corrected_mps) == pytest.approx((10.0, 10.0 - 2.0 * 2.75))


@pytest.mark.parametrize(("offset_m", "unchanged"), [(0.29, True), (0.31, False)])
def test_nothing_changes_within_30_cm(offset_m, unchanged):
    proposal = straight(8.0)
    proposal[2, 1] += offset_m
    assert bool(found(keyframe(straight(8.0)), proposal, NoChange | Kept)) == unchanged


def test_a_proposal_is_good_as_it_is_only_where_no_check_of_it_fails():
    clear, blocked = (
        keyframe(straight(8.0), agents, ego_state=EgoState(8.0)) for agents in ((), (agent("car", 20.0),))
    )
    assert found(clear, straight(8.0), NoChange | Kept) == [NoChange()]
    assert found(blocked, straight(8.0), NoChange | Kept) == [Kept()]


def test_a_reversing_proposal_is_behind_the_truth():
    last = found(*situations.reversing(), ShiftAlong)[-1]
    assert (last.direction, last.size_m) == ("longer", pytest.approx(24.0))


def test_two_standing_trajectories_have_no_shift():
    assert found(keyframe(straight(0.0)), straight(0.0), ShiftAlong | ShiftAcross | FinalSpeed) == []
