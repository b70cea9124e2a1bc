import pytest

from llm_service.explaining import claims
from llm_service.explaining.checking import check
from tests.llm_service.explaining import situations


def verdict(situation, text):
    frame, proposal = situation()
    return check(text, frame, proposal, frame.future_ego_m)


BRAKING = situations.braking_behind_a_standing_car
"""A standing car 16.6 m ahead is hit after 1.6 s; the correction is 11.25 m shorter at 3 s, 3.1 instead of 10 m/s."""


@pytest.mark.parametrize(
    "text",
    [
        "The plan would hit the standing car 17 m ahead after 1.6 s, so the correction is 11.3 m shorter after 3 s.",
        "The answer is 11.2 m shorter after 3.0 s because the plan collides with the standing car 17 m ahead at 1.6 s.",
        "The correction is about 11 metres shorter after 3 seconds.",
        "Hits standing car 17 m ahead at 1.6 s; 11.3 m shorter at 3 s; final speed 3.1 m/s instead of 10.0 m/s.",
        "The correction ends at 11 km/h instead of 36 km/h. The route leads straight on.",
        "  The plan would hit\n the standing car 17 m ahead after 1.6 s.  ",
    ],
)
def test_what_is_so_is_faithful(text):
    assert verdict(BRAKING, text).faithful, verdict(BRAKING, text)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("The correction is 11.3 m longer after 3 s.", claims.ShiftAlong),
        ("The correction is 9.3 m shorter after 3 s.", claims.ShiftAlong),
        ("The correction is 11.3 m shorter after 2 s.", claims.ShiftAlong),
        ("The correction is about 12 m shorter after 3 s.", claims.ShiftAlong),
        ("The correction is 1.5 m farther left after 3 s.", claims.ShiftAcross),
        ("The plan would hit the standing truck 17 m ahead after 1.6 s.", claims.Collision),
        ("The plan would hit the moving car 17 m ahead after 1.6 s.", claims.Collision),
        ("The plan would hit the standing car 17 m behind after 1.6 s.", claims.Collision),
        ("The plan would hit the standing car 17 m ahead and 2 m to the left after 1.6 s.", claims.Collision),
        ("The plan would hit the standing car 12 m ahead after 1.6 s.", claims.Collision),
        ("The plan would hit the standing car 17 m ahead after 2.6 s.", claims.Collision),
        ("The plan would hit the pedestrian crossing to the left 17 m ahead after 1.6 s.", claims.Collision),
        ("The plan leaves the road to the left by 1 m.", claims.OffRoad),
        ("The plan leaves its lane to the left after 1.5 s.", claims.CrossesDivider),
        ("Braking of 6 m/s^2, limit 4.05.", claims.LimitExceeded),
        ("The correction ends at 10.0 m/s instead of 3.1 m/s.", claims.FinalSpeed),
        ("The route leads to the left.", claims.Route),
        ("The vehicle turns left.", claims.Motion),
        ("The plan needs no change.", claims.NoChange),
        ("The plan touches no one.", claims.Sound),
        ("The plan stays on the road.", claims.Sound),
        ("The present speed is 9.5 m/s.", claims.EgoSpeed),
    ],
)
def test_what_is_not_so_is_understood_and_found_out(text, kind):
    result = verdict(BRAKING, text)
    (finding,) = result.findings
    assert isinstance(finding.claim, kind)
    assert (finding.holds, result.not_understood, result.faithful) == (False, (), False)


@pytest.mark.parametrize(
    "text",
    [
        "The plan is too risky.",
        "The plan would hit the standing car.",
        "The plan would hit the standing car 17 m ahead after 1.6 s",
        "The plan would hit the standing car 17 m ahead after 1.6 s. And the sun shines.",
        "The plan would hit the standing car 17 m ahead after 1.6 s, so take care.",
        "The plan would hit the standing car 17 m ahead after 1.6 s! The route leads straight on.",
        "The route leads straight on, so the correction is 11.3 m shorter after 3 s.",
        "The correction is 11.3 m shorter after 3 s, so the plan would hit the standing car 17 m ahead after 1.6 s.",
        "The plan would hit the standing car 17 m ahead after 1.6 s, so the answer is 11.3 m shorter after 3 s, and "
        "the route leads straight on.",
        "\N{COLLISION SYMBOL}",
        "." * 500,
        "(" * 500 + ".",
    ],
)
def test_what_is_not_understood_is_said_and_not_faithful(text):
    result = verdict(BRAKING, text)
    assert result.not_understood
    assert not result.faithful


@pytest.mark.parametrize("text", ["", "  \n "])
def test_saying_nothing_is_not_faithful(text):
    result = verdict(BRAKING, text)
    assert (result.findings, result.not_understood, result.faithful) == ((), (), False)


def test_one_false_clause_among_true_ones_is_found():
    result = verdict(BRAKING, "Hits standing car 17 m ahead at 1.6 s; 5 m shorter at 3 s. The route leads straight on.")
    assert [finding.holds for finding in result.findings] == [True, False, True]
    assert "11.25" in result.findings[1].why


def test_a_true_change_is_no_answer_to_every_true_cause():
    """A lateral acceleration is mended by coming less far, not by a shift of 0.2 m, which is too small to matter."""
    bend = situations.too_fast_in_a_bend
    cause = "The plan reaches a lateral acceleration of 6 m/s^2 against a limit of 4.89"
    assert verdict(bend, f"{cause}, hence progress at t = 3 s is cut by 9 m.").faithful
    early = verdict(bend, f"{cause}, hence the lateral offset at t = 3 s is 0.2 m to the right.")
    assert [finding.holds for finding in early.findings] == [True, True, False]
    backwards = verdict(situations.reversing, "The plan drives backwards, so the correction is 24 m longer after 3 s.")
    assert backwards.faithful


def test_a_reason_needs_both_of_its_clauses_to_hold():
    result = verdict(
        BRAKING,
        "The plan would hit the standing car 17 m ahead after 1.6 s, so the correction is 3 m longer after 3 s.",
    )
    assert [finding.holds for finding in result.findings] == [True, False, False]


def test_the_answer_is_judged_and_not_the_truth():
    frame, proposal = BRAKING()
    text = "The plan is kept although it fails a check."
    assert check(text, frame, proposal, proposal).faithful
    assert not check(text, frame, proposal, frame.future_ego_m).faithful
