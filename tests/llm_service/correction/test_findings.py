import numpy as np
import pytest

from llm_service.correction.findings import findings_in_words
from llm_service.verifier import PreparedScene
from tests.llm_service.verifier.scenes import STEP_S, VERIFIER, car, circle, road, straight
from waymend.trajectory import EgoState

AHEAD = PreparedScene.of([car(23.0)], [road()])


def findings(proposal_ego_m, answer_ego_m, scene=AHEAD, speed_mps=10.0):
    state = EgoState(speed_mps)
    courses = [VERIFIER.course(one, STEP_S, state) for one in (proposal_ego_m, answer_ego_m)]
    reports = [VERIFIER.judge(one, STEP_S, state, scene) for one in (proposal_ego_m, answer_ego_m)]
    return dict(
        line.split(": ", 1) for line in findings_in_words(courses[0], reports[0], courses[1], reports[1]).split("\n")
    )


def test_a_correction_that_brakes_avoids_the_car_ahead():
    said = findings(straight(10.0), straight(10.0, -3.0))
    assert said["Change"] == "13.5 m shorter; end speed 10.0 m/s (36 km/h) to 1.8 m/s (6 km/h)"
    assert said["Avoided"].startswith("collision: touches standing car 18 m ahead after 1.7 s")
    assert said["Remaining"] == "none"


def test_what_the_correction_does_not_mend_remains():
    said = findings(straight(10.0), straight(9.0))
    assert said["Avoided"] == "none"
    assert said["Remaining"].startswith("collision: touches standing car 18 m ahead")


@pytest.mark.parametrize(
    ("offset_m", "change"), [(0.29, "none"), (0.31, "0.3 m left; end speed 10.0 m/s (36 km/h) to")]
)
def test_up_to_30_cm_are_no_change(offset_m, change):
    answer = straight(10.0) + np.array([0.0, offset_m])
    assert findings(straight(10.0), answer, PreparedScene.of((), None))["Change"].startswith(change)


def test_what_stays_wrong_with_a_plan_that_is_not_changed_is_told_once():
    said = findings(straight(10.0), straight(10.0) + np.array([0.0, 0.1]))
    assert (said["Change"], said["Avoided"]) == ("none", "none")
    assert said["Remaining"].startswith("collision")


def test_on_a_bend_less_way_is_shorter_and_hardly_to_one_side():
    """Along the ego axes the last waypoints would lie 6 m apart to the side."""
    said = findings(circle(10.0, 20.0), circle(8.0, 20.0), PreparedScene.of((), None))
    assert said["Change"] == "6.0 m shorter, 0.1 m right; end speed 10.0 m/s (36 km/h) to 8.0 m/s (29 km/h)"


def test_a_limit_that_rounding_hides_is_not_told():
    """4.1 m/s^2 is past the limit of 4.05 by 1 %, 5 m/s^2 by 23 %."""
    empty = PreparedScene.of((), None)
    assert findings(straight(12.0, -4.1), straight(12.0, -3.0), empty, 12.0)["Avoided"] == "none"
    assert (
        "longitudinal_acceleration: -5.00 m/s^2"
        in findings(straight(15.0, -5.0), straight(15.0, -3.0), empty, 15.0)["Avoided"]
    )
