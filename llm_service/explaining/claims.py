"""The closed set of things that an explanation may say. Distances in metres, ego frame of now: x forward, y left.

A `Change` says how the correction differs from the proposal, a `Cause` what is wrong with the proposal and right with
the correction, a `Context` anything else. Every field is said by every wording of its claim.
"""

from dataclasses import dataclass
from typing import Literal

from llm_service.verifier.mention import AgentMention

Side = Literal["left", "right"]
VehicleMotion = Literal[
    "stands",
    "stops",
    "starts",
    "slows down",
    "speeds up",
    "keeps its speed",
    "reverses",
    "turns left",
    "turns right",
    "goes straight",
]
Quantity = Literal["speed", "braking", "acceleration", "lateral acceleration", "jerk", "yaw rate", "curvature"]
SoundPart = Literal["contact", "road", "limits"]


@dataclass(frozen=True, slots=True)
class Claim:
    """Anything that an explanation says."""


@dataclass(frozen=True, slots=True)
class Change(Claim):
    """How the correction differs from the proposal."""


@dataclass(frozen=True, slots=True)
class Cause(Claim):
    """What is wrong with the proposal and not, or less, with the correction."""


@dataclass(frozen=True, slots=True)
class Context(Claim):
    """What is so, without being a reason."""


@dataclass(frozen=True, slots=True)
class NoChange(Change):
    """No waypoint moves by more than 0.3 m, and no check of the proposal fails."""


@dataclass(frozen=True, slots=True)
class Kept(Change):
    """No waypoint moves by more than 0.3 m, although a check of the proposal fails."""


@dataclass(frozen=True, slots=True)
class ShiftAlong(Change):
    """The correction has come less far (`shorter`) or farther (`longer`) along the path at a waypoint's time."""

    direction: Literal["shorter", "longer"]
    size_m: float
    time_s: float


@dataclass(frozen=True, slots=True)
class ShiftAcross(Change):
    """The correction lies to one side of the proposal at a waypoint's time."""

    side: Side
    size_m: float
    time_s: float


@dataclass(frozen=True, slots=True)
class FinalSpeed(Change):
    """Mean speeds over the last step, of proposal and correction; both forwards."""

    planned_mps: float
    corrected_mps: float


@dataclass(frozen=True, slots=True)
class Collision(Cause):
    """The proposal touches an agent's constant-velocity forecast, first at `time_s`; the correction does not."""

    agent: AgentMention
    time_s: float


@dataclass(frozen=True, slots=True)
class TooClose(Cause):
    """The proposal passes an agent at a small clearance, the correction at a larger one."""

    agent: AgentMention
    clearance_m: float


@dataclass(frozen=True, slots=True)
class ShortGap(Cause):
    """The proposal ends too close behind a lead vehicle, `gap_m` from bumper to bumper."""

    agent: AgentMention
    gap_m: float


@dataclass(frozen=True, slots=True)
class OffRoad(Cause):
    """A corner of the vehicle reaches `depth_m` past the drivable area."""

    side: Literal["left", "right", "front"]
    depth_m: float


@dataclass(frozen=True, slots=True)
class OncomingLane(Cause):
    """From `time_s` on the proposal is in a lane of the opposite direction."""

    time_s: float


@dataclass(frozen=True, slots=True)
class CrossesDivider(Cause):
    """The middle of the vehicle crosses a lane divider towards `side`."""

    side: Side
    time_s: float


@dataclass(frozen=True, slots=True)
class LaneOffset(Cause):
    """The proposal is off the centre of the lane that the correction follows."""

    side: Side
    offset_m: float
    time_s: float


@dataclass(frozen=True, slots=True)
class CutsBend(Cause):
    """The correction turns to `side`, and the proposal is off the lane's centre to that side."""

    side: Side
    offset_m: float
    time_s: float


@dataclass(frozen=True, slots=True)
class LimitExceeded(Cause):
    """The proposal exceeds a limit of `llm_service.verifier.limits`; `value` is its size, without sign."""

    quantity: Quantity
    value: float
    unit: str
    limit: float


@dataclass(frozen=True, slots=True)
class Reverses(Cause):
    """The proposal drives backwards."""


@dataclass(frozen=True, slots=True)
class StandsStill(Cause):
    """The proposal stays where it is, the correction drives on."""


@dataclass(frozen=True, slots=True)
class EgoSpeed(Context):
    """Speed of the ego vehicle now, forwards."""

    speed_mps: float


@dataclass(frozen=True, slots=True)
class Lead(Context):
    """The next vehicle ahead on the correction's way, and its speed."""

    agent: AgentMention
    speed_mps: float


@dataclass(frozen=True, slots=True)
class Motion(Context):
    """What the vehicle does along the correction."""

    kind: VehicleMotion


@dataclass(frozen=True, slots=True)
class LaneChange(Context):
    """The correction crosses a lane divider, the proposal does not."""

    side: Side
    time_s: float


@dataclass(frozen=True, slots=True)
class KeepsMotion(Context):
    """The correction is nearer than the proposal to the present speed, acceleration and yaw rate carried on (CTRA)."""


@dataclass(frozen=True, slots=True)
class Route(Context):
    """Where the route leads, one of `waymend.vocabulary.COMMANDS`."""

    command: str


@dataclass(frozen=True, slots=True)
class Sound(Context):
    """The proposal passes a check: touches no forecast, stays on the drivable area, keeps all kinematic limits."""

    part: SoundPart
