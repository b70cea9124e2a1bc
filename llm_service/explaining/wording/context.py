"""How everything around a correction is put."""

from llm_service.explaining.claims import EgoSpeed, KeepsMotion, LaneChange, Lead, Motion, Route, Sound
from llm_service.explaining.wording.agent_slot import AgentSlot
from llm_service.explaining.wording.slots import Measure, Speed, Words
from llm_service.explaining.wording.template import Phrasing
from llm_service.explaining.wording.voice import Style

_SIDE = Words("side", {"left": ("left",), "right": ("right",)})
_DOES = Words(
    "kind",
    {
        "stands": ("stands still", "remains stopped"),
        "stops": ("comes to a stop", "stops"),
        "starts": ("starts moving", "moves off"),
        "slows down": ("slows down", "brakes"),
        "speeds up": ("speeds up", "accelerates"),
        "keeps its speed": ("keeps its speed", "drives on at the same speed"),
        "reverses": ("reverses", "drives backwards"),
        "turns left": ("turns left",),
        "turns right": ("turns right",),
        "goes straight": ("goes straight on", "keeps straight on"),
    },
)
_ROUTE = Words(
    "command",
    {
        "left": ("leads to the left", "turns left"),
        "right": ("leads to the right", "turns right"),
        "straight": ("leads straight on", "goes straight ahead"),
    },
)
_IS_SOUND = Words(
    "part",
    {
        "contact": ("touches no one", "hits nothing that is known"),
        "road": ("stays on the road", "keeps to the drivable area"),
        "limits": ("keeps within all limits of motion", "respects the limits of motion"),
    },
)

EGO_SPEED = Phrasing.of(
    EgoSpeed,
    {"speed": Speed("speed_mps", slack_mps=0.01)},
    {
        Style.TERSE: ("speed now {speed}", "present speed {speed}"),
        Style.PLAIN: ("the vehicle is driving at {speed} now", "the present speed is {speed}"),
        Style.INSTRUCTOR: ("you are doing {speed} now", "you are at {speed} at present"),
        Style.ENGINEER: ("current ego speed is {speed}", "ego speed at t = 0: {speed}"),
    },
)

LEAD = Phrasing.of(
    Lead,
    {"agent": AgentSlot(), "speed": Speed("speed_mps", slack_mps=0.1)},
    {
        Style.TERSE: ("next ahead: {agent} at {speed}", "lead: {agent}, {speed}"),
        Style.PLAIN: (
            "the next vehicle on the way is the {agent} with {speed}",
            "the vehicle in front is the {agent} at {speed}",
        ),
        Style.INSTRUCTOR: (
            "in front of you is the {agent}, it does {speed}",
            "you are behind the {agent}, which does {speed}",
        ),
        Style.ENGINEER: (
            "the lead vehicle is the {agent} with a speed of {speed}",
            "lead vehicle: {agent}, speed {speed}",
        ),
    },
)

MOTION = Phrasing.of(
    Motion,
    {"does": _DOES},
    {
        Style.TERSE: ("vehicle {does}", "result: {does}"),
        Style.PLAIN: ("the vehicle {does}", "with {correction} the vehicle {does}"),
        Style.INSTRUCTOR: ("like this your car {does}", "your car now {does}"),
        Style.ENGINEER: ("along {correction} the vehicle {does}", "under {correction} the ego vehicle {does}"),
    },
)

LANE_CHANGE = Phrasing.of(
    LaneChange,
    {"side": _SIDE, "time": Measure("time_s", "s", step=0.1, slack=0.1)},
    {
        Style.TERSE: ("lane change to the {side} after {time}", "changes lane to the {side} at {time}"),
        Style.PLAIN: (
            "{correction} changes lane to the {side} after {time}",
            "{correction} crosses into the {side} lane after {time}",
        ),
        Style.INSTRUCTOR: ("change lane to the {side} after {time}", "cross into the lane on the {side} after {time}"),
        Style.ENGINEER: (
            "{correction} crosses a lane divider to the {side} at t = {time}",
            "lane change of {correction} to the {side} at t = {time}",
        ),
    },
)

KEEPS_MOTION = Phrasing.of(
    KeepsMotion,
    {},
    {
        Style.TERSE: ("closer to the present motion", "fits the present motion better"),
        Style.PLAIN: (
            "{correction} keeps closer to how the vehicle is moving",
            "{proposal} fits the present motion of the vehicle less well",
        ),
        Style.INSTRUCTOR: (
            "this is closer to how you are moving now",
            "{your_plan} is less in line with how you are moving",
        ),
        Style.ENGINEER: (
            "{correction} is nearer than {proposal} to constant turn rate and acceleration",
            "{proposal} deviates more from the extrapolated motion than {correction}",
        ),
    },
)

ROUTE = Phrasing.of(
    Route,
    {"leads": _ROUTE},
    {
        Style.TERSE: ("route {leads}", "the route {leads}"),
        Style.PLAIN: ("the route {leads}", "the way to go {leads}"),
        Style.INSTRUCTOR: ("your route {leads}", "the way you want to go {leads}"),
        Style.ENGINEER: ("the commanded route {leads}", "the route of the command {leads}"),
    },
)

SOUND = Phrasing.of(
    Sound,
    {"sound": _IS_SOUND},
    {
        Style.TERSE: ("{proposal} {sound}", "check: {proposal} {sound}"),
        Style.PLAIN: ("{proposal} {sound}", "as it is, {proposal} {sound}"),
        Style.INSTRUCTOR: ("{your_plan} {sound}", "well done, {your_plan} {sound}"),
        Style.ENGINEER: ("by the checks, {proposal} {sound}", "as verified, {proposal} {sound}"),
    },
)
