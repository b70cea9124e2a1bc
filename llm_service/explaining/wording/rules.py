"""How causes that lie with the road and with limits are put."""

from llm_service.explaining.claims import (
    CrossesDivider,
    CutsBend,
    LaneOffset,
    LimitExceeded,
    OffRoad,
    OncomingLane,
)
from llm_service.explaining.wording.limit_slot import LimitSlot, QuantitySlot
from llm_service.explaining.wording.slots import Measure, Words
from llm_service.explaining.wording.template import Phrasing
from llm_service.explaining.wording.voice import Style

_SIDE = Words("side", {"left": ("left",), "right": ("right",)})
_OFFSET = Measure("offset_m", "m", step=0.1, slack=0.1)
_WAYPOINT_TIME = Measure("time_s", "s", step=0.1, slack=0.0)

OFF_ROAD = Phrasing.of(
    OffRoad,
    {
        "depth": Measure("depth_m", "m", step=0.1, slack=0.1),
        "side": Words(
            "side",
            {
                "left": ("to the left", "on the left"),
                "right": ("to the right", "on the right"),
                "front": ("straight ahead", "at the front"),
            },
        ),
    },
    {
        Style.TERSE: (
            "off the road {side} by {depth}",
            "{depth} outside the drivable area {side}",
            "leaves the road {side} by {depth}",
        ),
        Style.PLAIN: (
            "{proposal} leaves the road {side} by {depth}",
            "{proposal} goes {depth} past the edge of the road {side}",
            "{proposal} takes the vehicle {depth} off the road {side}",
        ),
        Style.INSTRUCTOR: (
            "with {your_plan} you would be {depth} off the road {side}",
            "stay on the road, {your_plan} leaves it {side} by {depth}",
            "mind the edge of the road {side}, you would be {depth} past it",
        ),
        Style.ENGINEER: (
            "{proposal} exceeds the drivable area {side} by {depth}",
            "a corner of the box is {depth} outside the drivable area {side}",
            "{proposal} violates the drivable area {side} by {depth}",
        ),
    },
)

ONCOMING_LANE = Phrasing.of(
    OncomingLane,
    {"time": _WAYPOINT_TIME},
    {
        Style.TERSE: ("in the oncoming lane from {time}", "wrong side: oncoming lane at {time}"),
        Style.PLAIN: (
            "{proposal} is in the oncoming lane from {time} on",
            "{proposal} gets into the lane of oncoming traffic by {time}",
        ),
        Style.INSTRUCTOR: (
            "with {your_plan} you would be in the oncoming lane from {time} on",
            "keep out of the oncoming lane, you would be in it from {time} on",
        ),
        Style.ENGINEER: (
            "{proposal} occupies a lane of the opposite direction from t = {time}",
            "from t = {time} {proposal} follows an oncoming lane",
        ),
    },
)

CROSSES_DIVIDER = Phrasing.of(
    CrossesDivider,
    {"side": _SIDE, "time": Measure("time_s", "s", step=0.1, slack=0.1)},
    {
        Style.TERSE: (
            "crosses the lane divider to the {side} after {time}",
            "leaves its lane to the {side} at {time}",
        ),
        Style.PLAIN: (
            "{proposal} leaves its lane to the {side} after {time}",
            "{proposal} crosses the lane marking on the {side} after {time}",
        ),
        Style.INSTRUCTOR: (
            "with {your_plan} you would leave your lane to the {side} after {time}",
            "keep in your lane, you would cross the line on the {side} after {time}",
        ),
        Style.ENGINEER: (
            "{proposal} crosses a lane divider to the {side} at t = {time}",
            "{proposal} departs from its lane to the {side} at t = {time}",
        ),
    },
)

LANE_OFFSET = Phrasing.of(
    LaneOffset,
    {"side": _SIDE, "offset": _OFFSET, "time": _WAYPOINT_TIME},
    {
        Style.TERSE: (
            "{offset} {side} of the lane centre at {time}",
            "lane centre missed by {offset} to the {side} at {time}",
        ),
        Style.PLAIN: (
            "{proposal} is {offset} to the {side} of the lane centre after {time}",
            "{proposal} drifts {offset} to the {side} of its lane centre by {time}",
        ),
        Style.INSTRUCTOR: (
            "stay in the middle of the lane, you would be {offset} to the {side} of it at {time}",
            "with {your_plan} you would be {offset} {side} of the middle of the lane at {time}",
        ),
        Style.ENGINEER: (
            "{proposal} has a lane centre offset of {offset} to the {side} at t = {time}",
            "the offset of {proposal} from the centre line is {offset} {side} at t = {time}",
        ),
    },
)

CUTS_BEND = Phrasing.of(
    CutsBend,
    {"side": _SIDE, "offset": _OFFSET, "time": _WAYPOINT_TIME},
    {
        Style.TERSE: (
            "cuts the {side} bend by {offset} at {time}",
            "corner cut: {side} bend, {offset} inside at {time}",
        ),
        Style.PLAIN: (
            "{proposal} cuts the {side} bend by {offset} at {time}",
            "{proposal} runs {offset} inside the lane centre of the {side} bend after {time}",
        ),
        Style.INSTRUCTOR: (
            "do not cut the {side} bend, you would be {offset} too far inside at {time}",
            "take the {side} bend wider, you would cut it by {offset} at {time}",
        ),
        Style.ENGINEER: (
            "{proposal} is {offset} to the inside of the {side} bend at t = {time}",
            "inside offset of {proposal} in the {side} bend is {offset} at t = {time}",
        ),
    },
)

LIMIT_EXCEEDED = Phrasing.of(
    LimitExceeded,
    {"quantity": QuantitySlot(), "limit": LimitSlot()},
    {
        Style.TERSE: (
            "{quantity}, limit {limit}",
            "{quantity} over the limit of {limit}",
        ),
        Style.PLAIN: (
            "in {proposal} there is {quantity}, more than the limit of {limit}",
            "{quantity} in {proposal} is over the limit of {limit}",
        ),
        Style.INSTRUCTOR: (
            "{quantity} is too much, the limit is {limit}",
            "take it easy, {quantity} is more than the limit of {limit}",
        ),
        Style.ENGINEER: (
            "{proposal} reaches {quantity} against a limit of {limit}",
            "{quantity} in {proposal} exceeds the limit of {limit}",
        ),
    },
)
