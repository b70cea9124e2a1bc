import pytest

from llm_service.explaining import claims
from llm_service.explaining.causality import explains
from llm_service.explaining.claims import AgentMention, FinalSpeed, ShiftAcross, ShiftAlong

SHORTER, LONGER = ShiftAlong("shorter", 2.0, 3.0), ShiftAlong("longer", 2.0, 3.0)
LEFT, RIGHT = ShiftAcross("left", 1.0, 3.0), ShiftAcross("right", 1.0, 3.0)
SLOWER, FASTER = FinalSpeed(8.0, 5.0), FinalSpeed(5.0, 8.0)
CHANGES = (SHORTER, LONGER, LEFT, RIGHT, SLOWER, FASTER)

AHEAD = AgentMention("car", "standing", 12.0, 0.0)
CROSSING = AgentMention("pedestrian", "crossing to the left", 12.0, -4.0)
BEHIND = AgentMention("car", "moving", -8.0, 3.5)
BESIDE = AgentMention("car", "moving", 0.0, 3.5)


def exceeded(quantity):
    return claims.LimitExceeded(quantity, 9.0, "m/s^2", 4.0)


@pytest.mark.parametrize(
    ("cause", "answers"),
    [
        (claims.Collision(AHEAD, 1.6), {SHORTER, SLOWER, LEFT, RIGHT}),
        (claims.Collision(CROSSING, 1.6), set(CHANGES)),
        (claims.Collision(BEHIND, 1.6), {LONGER, FASTER, LEFT, RIGHT}),
        (claims.TooClose(BESIDE, 0.2), set(CHANGES)),
        (claims.ShortGap(AHEAD, 1.0), {SHORTER, SLOWER}),
        (claims.OffRoad("left", 1.0), {RIGHT, SHORTER, SLOWER}),
        (claims.OffRoad("front", 1.0), {LEFT, RIGHT, SHORTER, SLOWER}),
        (claims.OncomingLane(2.0), {LEFT, RIGHT, SHORTER, SLOWER}),
        (claims.CrossesDivider("right", 1.0), {LEFT, SHORTER, SLOWER}),
        (claims.LaneOffset("left", 1.0, 3.0), {RIGHT}),
        (claims.CutsBend("right", 1.0, 3.0), {LEFT}),
        (claims.Reverses(), {LONGER, FASTER}),
        (claims.StandsStill(), {LONGER, FASTER}),
        (exceeded("speed"), {SHORTER, SLOWER}),
        (exceeded("braking"), {SHORTER, LONGER, SLOWER, FASTER}),
        (exceeded("acceleration"), {SHORTER, LONGER, SLOWER, FASTER}),
        (exceeded("lateral acceleration"), {SHORTER, SLOWER, LEFT, RIGHT}),
        (exceeded("curvature"), {SHORTER, SLOWER, LEFT, RIGHT}),
        (exceeded("jerk"), set(CHANGES)),
    ],
    ids=str,
)
def test_a_change_is_the_answer_to_a_cause_that_it_can_mend(cause, answers):
    assert {change for change in CHANGES if explains(cause, change)} == answers


@pytest.mark.parametrize(
    "change",
    [claims.NoChange(), ShiftAlong("shorter", 0.2, 3.0), ShiftAcross("left", 0.2, 3.0), FinalSpeed(8.0, 7.6)],
    ids=str,
)
def test_what_hardly_changes_answers_to_nothing(change):
    assert not explains(claims.Collision(AHEAD, 1.6), change)
