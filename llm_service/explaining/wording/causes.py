"""How causes that lie with agents and with the motion are put."""

from llm_service.explaining.claims import (
    Collision,
    Reverses,
    ShortGap,
    StandsStill,
    TooClose,
)
from llm_service.explaining.wording.agent_slot import AgentSlot
from llm_service.explaining.wording.slots import Measure
from llm_service.explaining.wording.template import Phrasing
from llm_service.explaining.wording.voice import Style

_CONTACT_TIME = Measure("time_s", "s", step=0.1, slack=0.1)

COLLISION = Phrasing.of(
    Collision,
    {"agent": AgentSlot(), "time": _CONTACT_TIME},
    {
        Style.TERSE: (
            "collision with {agent} after {time}",
            "conflict: {agent} at {time}",
            "hits {agent} at {time}",
        ),
        Style.PLAIN: (
            "{proposal} would hit the {agent} after {time}",
            "{proposal} runs into the {agent} after {time}",
            "{proposal} collides with the {agent} at {time}",
        ),
        Style.INSTRUCTOR: (
            "with {your_plan} you would touch the {agent} after {time}",
            "watch the {agent}, you would hit it after {time}",
            "look at the {agent}: you would be in contact at {time}",
        ),
        Style.ENGINEER: (
            "the box of {proposal} overlaps the forecast of the {agent} at t = {time}",
            "{proposal} has a predicted contact with the {agent} at t = {time}",
            "first contact of {proposal} with the {agent} is at t = {time}",
        ),
    },
)

TOO_CLOSE = Phrasing.of(
    TooClose,
    {"agent": AgentSlot(), "clearance": Measure("clearance_m", "m", step=0.1, slack=0.05)},
    {
        Style.TERSE: (
            "too close to {agent}: {clearance}",
            "only {clearance} to {agent}",
            "clearance {clearance} to {agent}",
        ),
        Style.PLAIN: (
            "{proposal} passes the {agent} with only {clearance} to spare",
            "{proposal} comes within {clearance} of the {agent}",
            "{proposal} leaves just {clearance} to the {agent}",
        ),
        Style.INSTRUCTOR: (
            "give more room to the {agent}, you would leave just {clearance}",
            "mind the {agent}, {clearance} of room is not enough",
            "{clearance} is too little beside the {agent}",
        ),
        Style.ENGINEER: (
            "minimum clearance of {proposal} to the {agent} is {clearance}",
            "{proposal} keeps a distance of only {clearance} to the {agent}",
            "the gap between {proposal} and the {agent} shrinks to {clearance}",
        ),
    },
)

SHORT_GAP = Phrasing.of(
    ShortGap,
    {"agent": AgentSlot(), "gap": Measure("gap_m", "m", step=0.5, slack=0.1)},
    {
        Style.TERSE: (
            "gap of {gap} behind {agent} at the end",
            "closes up to {gap} behind {agent}",
            "tailgates {agent}: {gap} at the end",
        ),
        Style.PLAIN: (
            "{proposal} ends only {gap} behind the {agent}",
            "{proposal} closes up to {gap} behind the {agent}",
            "{proposal} leaves a gap of only {gap} behind the {agent}",
        ),
        Style.INSTRUCTOR: (
            "keep your distance from the {agent}, you would end {gap} behind it",
            "{gap} is not enough distance behind the {agent}",
            "do not close up to {gap} behind the {agent}",
        ),
        Style.ENGINEER: (
            "{proposal} has a terminal gap of {gap} to the {agent}",
            "the bumper gap to the {agent} falls to {gap} at the end of {proposal}",
            "headway of {proposal} is too short with a gap of {gap} to the {agent}",
        ),
    },
)

REVERSES = Phrasing.of(
    Reverses,
    {},
    {
        Style.TERSE: ("drives backwards", "reverse motion"),
        Style.PLAIN: ("{proposal} drives backwards", "{proposal} goes in reverse"),
        Style.INSTRUCTOR: ("with {your_plan} you would roll backwards", "do not reverse here"),
        Style.ENGINEER: ("{proposal} contains reverse motion", "the speed of {proposal} becomes negative"),
    },
)

STANDS_STILL = Phrasing.of(
    StandsStill,
    {},
    {
        Style.TERSE: ("does not move", "no motion planned"),
        Style.PLAIN: ("{proposal} stays where it is", "{proposal} does not move off"),
        Style.INSTRUCTOR: ("with {your_plan} you would not move at all", "do not just stand here"),
        Style.ENGINEER: ("{proposal} makes no progress", "{proposal} stays within 0.5 m of its start"),
    },
)
