"""What clients send."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from waymend.trajectory import MOST_WAYPOINTS

SessionId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Command = Literal["left", "right", "straight"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class SessionScene(_Strict):
    """The newest embedding of a session."""

    kind: Literal["session"]
    session_id: SessionId


class ServerFrameScene(_Strict):
    """A frame directory on the server, as a path relative to its allow-listed root."""

    kind: Literal["server_frame"]
    path: Annotated[str, Field(min_length=1, max_length=1024)]


class InlineScene(_Strict):
    """A frame sent with this request: multipart parts `frame`, `lidar` and one for each camera."""

    kind: Literal["inline"]


class Proposal(_Strict):
    """A planned trajectory: [x, y] in the ego frame, metres, waypoint k at (k + 1) * step_s seconds."""

    waypoints_ego_m: Annotated[
        list[Annotated[list[float], Field(min_length=2, max_length=2)]], Field(max_length=MOST_WAYPOINTS)
    ]
    step_s: float = 0.5


class RequestedEgoState(_Strict):
    """Motion of the ego vehicle now: m/s and m/s^2 along its x axis, rad/s positive to the left."""

    speed_mps: Annotated[float, Field(ge=-50, le=100)]
    acceleration_mps2: Annotated[float, Field(ge=-50, le=50)] = 0.0
    yaw_rate_radps: Annotated[float, Field(ge=-10, le=10)] = 0.0


class CorrectionRequest(_Strict):
    """Asks for one trajectory to be corrected."""

    scene: Annotated[SessionScene | ServerFrameScene | InlineScene, Field(discriminator="kind")]
    proposal: Proposal
    ego_state: RequestedEgoState | None = Field(None, description="Where absent, the frame's own ego state.")
    command: Command = Field("straight", description="Where the route leads.")
    instruction: Annotated[str, Field(max_length=4096)] = Field("", description="A wish in plain words.")
    explain: bool = Field(True, description="Whether to explain the correction.")
    deadline_ms: Annotated[int, Field(ge=1)] | None = Field(None, description="Time allowed for the whole answer.")


class SessionRequest(_Strict):
    """Opens a session; the server names it where the client does not."""

    session_id: SessionId | None = None
