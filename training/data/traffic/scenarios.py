"""The kinds of drives, and what may happen in each."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from training.data.traffic.events.lane_changes import CutIn, LaneBlocked
from training.data.traffic.events.leaders import LeadBrakes, SlowLead, StopAndGo
from training.data.traffic.events.own_way import PartlyBlocked, PersonCrosses, StartsFromRest
from training.data.traffic.events.stage import Event
from training.data.traffic.layouts.highway import highway
from training.data.traffic.layouts.intersection import intersection
from training.data.traffic.layouts.layout import Layout
from training.data.traffic.layouts.merge import merge
from training.data.traffic.layouts.roundabout import roundabout
from training.data.traffic.layouts.street import street

EventMaker = Callable[[np.random.Generator], Event]

_STANDING = 0.08
"""Chance that traffic stands for most of the drive."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A kind of drive.

    Attributes:
        layout: Draws the roads.
        events: What may be staged, each with its chance.
    """

    name: str
    layout: Callable[[np.random.Generator], Layout]
    events: tuple[tuple[EventMaker, float], ...]


def _standing(random: np.random.Generator) -> StopAndGo:
    return StopAndGo(random, standing=True)


_STREET = Scenario(
    "street",
    street,
    (
        (StartsFromRest, 0.2),
        (PersonCrosses, 0.45),
        (PartlyBlocked, 0.35),
        (LaneBlocked, 0.45),
        (CutIn, 0.55),
        (SlowLead, 0.25),
        (StopAndGo, 0.2),
        (LeadBrakes, 0.3),
    ),
)
_HIGHWAY = Scenario(
    "highway",
    highway,
    ((CutIn, 0.55), (SlowLead, 0.25), (StopAndGo, 0.15), (LeadBrakes, 0.3), (LaneBlocked, 0.35)),
)
_MERGE = Scenario("merge", merge, ((CutIn, 0.4), (SlowLead, 0.25), (LeadBrakes, 0.3)))
_INTERSECTION = Scenario(
    "intersection",
    intersection,
    ((StartsFromRest, 0.2), (PersonCrosses, 0.4), (SlowLead, 0.2), (StopAndGo, 0.15), (LeadBrakes, 0.25)),
)
_ROUNDABOUT = Scenario(
    "roundabout", roundabout, ((StartsFromRest, 0.2), (PersonCrosses, 0.4), (LeadBrakes, 0.2), (SlowLead, 0.2))
)

SCENARIOS: tuple[Scenario, ...] = (
    _STREET, _INTERSECTION, _HIGHWAY, _STREET, _ROUNDABOUT, _INTERSECTION, _STREET, _MERGE,
    _INTERSECTION, _STREET, _MERGE, _HIGHWAY, _STREET, _ROUNDABOUT, _INTERSECTION,
)  # fmt: skip
"""Kinds of drives by number, over and over; an odd count, so that each kind comes with traffic on both sides."""

_LEADS = (LeadBrakes, SlowLead, StopAndGo)
_LANE_CHANGES = (CutIn, LaneBlocked)


def draw_events(scenario: Scenario, layout: Layout, random: np.random.Generator) -> list[Event]:
    """A few of the scenario's events, of those about the vehicle ahead one at the most."""
    if random.random() < _STANDING:
        return [_standing(random)]
    events: list[Event] = []
    for maker, chance in scenario.events:
        doubled = maker in _LEADS and any(isinstance(event, _LEADS) for event in events)
        if random.random() < chance and not doubled and _fits(maker, layout):
            events.append(maker(random))
    return events


def _fits(maker: EventMaker, layout: Layout) -> bool:
    """Whether there is another lane to change into or from, where the event takes one."""
    return maker not in _LANE_CHANGES or bool(layout.network.side_lanes(layout.ego.lane_index))
