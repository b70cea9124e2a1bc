import dataclasses

import numpy as np
import pytest

from llm_service.explaining import claims
from llm_service.explaining.claims import AgentMention
from llm_service.explaining.wording.joints import clauses_of, sentence_of
from llm_service.explaining.wording.phrasebook import PHRASEBOOK, read_clause
from llm_service.explaining.wording.voice import Style, Voice
from llm_service.verifier.mention import rounded

EXAMPLES = (
    claims.NoChange(),
    claims.Kept(),
    *(claims.ShiftAlong(direction, 12.34, 2.5) for direction in ("shorter", "longer")),
    *(claims.ShiftAcross(side, 0.34, 3.0) for side in ("left", "right")),
    claims.FinalSpeed(7.91, 0.0),
    *(
        claims.Collision(AgentMention("construction_vehicle", motion, 12.3, -2.6), 1.4)
        for motion in ("standing", "moving", "oncoming", "crossing to the left", "crossing to the right")
    ),
    claims.Collision(AgentMention("traffic_cone", "standing", -3.2, 0.0), 0.0),
    claims.TooClose(AgentMention("car", "moving", 0.0, 2.9), 0.2),
    claims.TooClose(AgentMention("barrier", "moving", 9.9, 0.0), 1.0),
    claims.ShortGap(AgentMention("bus", "moving", 35.4, 0.0), 1.3),
    *(claims.OffRoad(side, 1.1) for side in ("left", "right", "front")),
    claims.OncomingLane(1.5),
    *(claims.CrossesDivider(side, 1.37) for side in ("left", "right")),
    *(claims.LaneOffset(side, 0.93, 2.0) for side in ("left", "right")),
    *(claims.CutsBend(side, 1.26, 2.0) for side in ("left", "right")),
    claims.LimitExceeded("speed", 31.26, "m/s", 25.0),
    claims.LimitExceeded("braking", 6.02, "m/s^2", 4.05),
    claims.LimitExceeded("acceleration", 5.5, "m/s^2", 3.5),
    claims.LimitExceeded("lateral acceleration", 6.03, "m/s^2", 4.89),
    claims.LimitExceeded("jerk", 12.0, "m/s^3", 8.37),
    claims.LimitExceeded("yaw rate", 1.234, "rad/s", 0.95),
    claims.LimitExceeded("curvature", 0.312, "1/m", 0.26),
    claims.Reverses(),
    claims.StandsStill(),
    claims.EgoSpeed(8.26),
    claims.Lead(AgentMention("truck", "moving", 17.8, 0.0), 3.2),
    *(
        claims.Motion(kind)
        for kind in (
            "stands", "stops", "starts", "slows down", "speeds up", "keeps its speed", "reverses", "turns left",
            "turns right", "goes straight",
        )
    ),
    *(claims.LaneChange(side, 1.4) for side in ("left", "right")),
    claims.KeepsMotion(),
    *(claims.Route(command) for command in ("left", "right", "straight")),
    *(claims.Sound(part) for part in ("contact", "road", "limits")),
)  # fmt: skip

TEMPLATES = [
    (style, template)
    for phrasing in PHRASEBOOK.values()
    for style, templates in phrasing.templates.items()
    for template in templates
]


def voices(style, draws=12):
    return [Voice.drawn(np.random.default_rng(seed), style) for seed in range(draws)]


def assert_same(read, claim, tolerances, prefix=""):
    for field in dataclasses.fields(claim):
        here, there = getattr(read, field.name), getattr(claim, field.name)
        if dataclasses.is_dataclass(there):
            assert_same(here, there, tolerances, f"{field.name}.")
        elif isinstance(there, float):
            assert here == pytest.approx(there, abs=tolerances[prefix + field.name] + 1e-9)
        else:
            assert here == there


@pytest.mark.parametrize("claim", EXAMPLES, ids=str)
def test_every_template_reads_back_as_the_claim_that_it_was_written_from(claim):
    for style, templates in PHRASEBOOK[type(claim)].templates.items():
        for template in templates:
            for voice in voices(style):
                clause = clauses_of(sentence_of(template.write(claim, voice))).texts[0]
                reading = read_clause(clause)
                assert type(reading.claim) is type(claim), clause
                assert_same(reading.claim, claim, reading.tolerances)


@pytest.mark.parametrize("claim", EXAMPLES, ids=str)
def test_no_clause_can_be_read_in_two_ways(claim):
    for style, templates in PHRASEBOOK[type(claim)].templates.items():
        for template in templates:
            clause = template.write(claim, voices(style, 1)[0]).lower()
            readings = [reading.claim for _, other in TEMPLATES if (reading := other.read(clause)) is not None]
            assert all(reading == readings[0] for reading in readings), clause


def test_every_kind_of_claim_has_an_example_and_a_phrasing():
    families = (claims.Claim, claims.Change, claims.Cause, claims.Context)
    kinds = {kind for kind in vars(claims).values() if isinstance(kind, type) and issubclass(kind, claims.Claim)}
    kinds -= set(families)
    assert set(PHRASEBOOK) == kinds == {type(claim) for claim in EXAMPLES}


def test_every_claim_has_six_wordings_or_more_and_each_style_two():
    for phrasing in PHRASEBOOK.values():
        assert all(len(templates) >= 2 for templates in phrasing.templates.values())
        assert len({template.text for templates in phrasing.templates.values() for template in templates}) >= 6


@pytest.mark.parametrize(("style", "template"), TEMPLATES, ids=lambda value: getattr(value, "text", value))
def test_templates_are_lower_case_and_say_every_field(style, template):
    assert template.text == template.text.lower()
    example = next(claim for claim in EXAMPLES if type(claim) is template.kind)
    reading = template.read(template.write(example, voices(style, 1)[0]).lower())
    assert reading is not None
    assert len(clauses_of(sentence_of(template.write(example, voices(style, 1)[0]))).texts) == 1


@pytest.mark.parametrize(
    "clause",
    [
        "",
        "the plan is dangerous",
        "the plan is fine",
        "hits standing car 12 m ahead at 1.6 s or so",
        "hits standing elephant 12 m ahead at 1.6 s",
        "hits car 12 m ahead at 1.6 s",
        "hits standing car at 1.6 s",
        "hits standing car 12 m ahead at 1.6 m",
        "hits standing car -12 m ahead at 1.6 s",
        "hits standing car 12345678 m ahead at 1.6 s",
        "4.2 m shorter",
    ],
)
def test_what_has_no_known_form_is_not_read(clause):
    assert read_clause(clause) is None


@pytest.mark.parametrize(
    ("value", "step", "text"), [(16.57, 1.0, "17"), (7.6, 0.5, "7.5"), (0.04, 0.1, "0"), (6.03, 0.1, "6")]
)
def test_numbers_are_rounded_to_their_step(value, step, text):
    assert rounded(value, step) == text


def test_a_voice_keeps_its_units():
    for seed in range(40):
        voice = Voice.drawn(np.random.default_rng(seed), Style.PLAIN)
        texts = " ".join(PHRASEBOOK[claims.FinalSpeed].write(claims.FinalSpeed(7.9, 3.0), voice) for _ in range(5))
        assert ("km/h" in texts) != ("m/s" in texts)


def test_one_metre_is_not_one_metres():
    voice = dataclasses.replace(voices(Style.PLAIN, 1)[0], written_out=True)
    texts = {PHRASEBOOK[claims.ShiftAcross].write(claims.ShiftAcross("left", 1.0, 1.0), voice) for _ in range(20)}
    assert not any("1 metres" in text or "1 seconds" in text for text in texts)
    assert any("1 metre " in text for text in texts)
