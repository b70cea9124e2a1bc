"""How a change is put."""

from llm_service.explaining.claims import FinalSpeed, Kept, NoChange, ShiftAcross, ShiftAlong
from llm_service.explaining.wording.slots import Measure, Speed, Words
from llm_service.explaining.wording.template import Phrasing
from llm_service.explaining.wording.voice import Style

_SIZE = Measure("size_m", "m", step=0.1, slack=0.1, coarse_step=0.5)
"""A prompt gives waypoints to a decimetre, so a reader knows their difference to one."""
_WAYPOINT_TIME = Measure("time_s", "s", step=0.1, slack=0.0)
_STEP_SPEED_SLACK_MPS = 0.2
"""One decimetre over a step of 0.5 s."""

NO_CHANGE = Phrasing.of(
    NoChange,
    {},
    {
        Style.TERSE: ("no change", "{proposal} kept", "nothing to correct"),
        Style.PLAIN: (
            "{proposal} is good as it is",
            "{proposal} needs no change",
            "there is nothing to correct in {proposal}",
        ),
        Style.INSTRUCTOR: (
            "{your_plan} is fine as it is",
            "leave {your_plan} as it is",
            "carry on with {your_plan}",
        ),
        Style.ENGINEER: (
            "{correction} stays within 0.3 m of {proposal} at every waypoint",
            "no waypoint of {proposal} moves by more than 0.3 m",
            "the offsets to {proposal} are below 0.3 m throughout",
        ),
    },
)

KEPT = Phrasing.of(
    Kept,
    {},
    {
        Style.TERSE: ("kept although a check fails", "{proposal} kept, which fails a check"),
        Style.PLAIN: (
            "{proposal} is kept although it fails a check",
            "{proposal} stays as it is although a check fails",
        ),
        Style.INSTRUCTOR: (
            "{your_plan} stays although it fails a check",
            "stay with {your_plan} although it fails a check",
        ),
        Style.ENGINEER: (
            "{proposal} is retained although a check fails",
            "{proposal} fails a check and is retained",
        ),
    },
)

SHIFT_ALONG = Phrasing.of(
    ShiftAlong,
    {
        "size": _SIZE,
        "time": _WAYPOINT_TIME,
        "direction": Words("direction", {"shorter": ("shorter", "less far along"), "longer": ("longer", "farther on")}),
        "on": Words("direction", {"shorter": ("less far along",), "longer": ("farther along",)}),
        "far": Words("direction", {"shorter": ("less far",), "longer": ("farther",)}),
        "behind": Words("direction", {"shorter": ("behind", "short of"), "longer": ("ahead of", "beyond")}),
        "pace": Words(
            "direction",
            {
                "shorter": ("go slower", "slow down", "hold back"),
                "longer": ("go faster", "keep up the pace", "drive on"),
            },
        ),
        "forward": Words("direction", {"shorter": ("backward", "negative"), "longer": ("forward", "positive")}),
        "reduced": Words("direction", {"shorter": ("reduced", "cut"), "longer": ("raised", "extended")}),
    },
    {
        Style.TERSE: (
            "{size} {direction} at {time}",
            "along the path: {size} {direction} at {time}",
            "at {time} {size} {direction}",
        ),
        Style.PLAIN: (
            "{correction} is {size} {direction} after {time}",
            "after {time} {correction} has come {size} {far} than planned",
            "{correction} is {size} {behind} the planned position at {time}",
        ),
        Style.INSTRUCTOR: (
            "{pace} so that you are {size} {behind} your planned position at {time}",
            "{pace}: be {size} {on} after {time}",
            "{pace} so that by {time} you are {size} {behind} your plan",
        ),
        Style.ENGINEER: (
            "the longitudinal offset at t = {time} is {size} {forward}",
            "progress at t = {time} is {reduced} by {size}",
            "arc length at t = {time} is {reduced} by {size}",
        ),
    },
)

SHIFT_ACROSS = Phrasing.of(
    ShiftAcross,
    {
        "size": _SIZE,
        "time": _WAYPOINT_TIME,
        "side": Words("side", {"left": ("left",), "right": ("right",)}),
    },
    {
        Style.TERSE: (
            "{size} to the {side} at {time}",
            "across the path: {size} {side} at {time}",
            "at {time} {size} farther {side}",
        ),
        Style.PLAIN: (
            "{correction} is {size} farther {side} after {time}",
            "after {time} {correction} lies {size} to the {side} of the planned position",
            "{correction} has moved {size} to the {side} at {time}",
        ),
        Style.INSTRUCTOR: (
            "steer to the {side} so that you are {size} beside your planned position at {time}",
            "keep {size} farther {side} than planned by {time}",
            "move {size} to the {side} by {time}",
        ),
        Style.ENGINEER: (
            "the lateral offset at t = {time} is {size} to the {side}",
            "the lateral shift at t = {time} is {size} {side}",
            "at t = {time} the path is displaced by {size} to the {side}",
        ),
    },
)

FINAL_SPEED = Phrasing.of(
    FinalSpeed,
    {
        "planned": Speed("planned_mps", _STEP_SPEED_SLACK_MPS),
        "corrected": Speed("corrected_mps", _STEP_SPEED_SLACK_MPS),
    },
    {
        Style.TERSE: (
            "final speed {corrected} instead of {planned}",
            "end speed {planned} to {corrected}",
            "speed at the end {corrected} not {planned}",
        ),
        Style.PLAIN: (
            "{correction} ends at {corrected} instead of {planned}",
            "the speed at the end is {corrected} rather than {planned}",
            "the final speed changes from {planned} to {corrected}",
        ),
        Style.INSTRUCTOR: (
            "be at {corrected} in the end rather than at {planned}",
            "aim for {corrected} at the end instead of {planned}",
            "you should end at {corrected} where you planned {planned}",
        ),
        Style.ENGINEER: (
            "the terminal speed is {corrected} against {planned} as proposed",
            "the speed over the last step changes from {planned} to {corrected}",
            "the terminal speed becomes {corrected} in place of {planned}",
        ),
    },
)
