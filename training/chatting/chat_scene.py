"""What is talked about: a frame, the motion in it, and the proposals at hand."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from llm_service.modeling.plan_features import constant_turn_rate_and_acceleration, constant_velocity
from training.data.samples.loading import load_conversations
from training.data.samples.opening import open_nuscenes
from training.data.samples.shards import CONVERSATIONS, shards_of
from training.data.samples.splits import SPLITS
from training.data.samples.summary import read_summary
from waymend.errors import InvalidField
from waymend.frames import FrameDirectory, read_frame_directory
from waymend.trajectory import EgoState, Horizon


@dataclass(frozen=True, slots=True, eq=False)
class ChatScene:
    """One moment.

    Attributes:
        frame: Sensors, agents and map.
        ego_state, command: As the model is given them.
        proposals: float64 [T, 2] by name, ego frame, metres.
        truth_ego_m: float64 [T, 2], where the vehicle truly went; None where unknown.
    """

    frame: FrameDirectory
    ego_state: EgoState
    command: str
    proposals: Mapping[str, NDArray[np.float64]]
    truth_ego_m: NDArray[np.float64] | None


def scene_of_frame(directory: Path, horizon: Horizon, command: str, speed_mps: float | None = None) -> ChatScene:
    """A frame directory; its proposals are extrapolations of the motion.

    Args:
        directory: With `frame.json`.
        horizon: Of the model.
        command: One of `waymend.vocabulary.COMMANDS`.
        speed_mps: Where the frame has no ego state.

    Raises:
        InvalidField: No frame directory, a broken one, or one without an ego state.
    """
    frame = read_frame_directory(directory)
    given = frame.description.ego_state
    if given is None and speed_mps is None:
        raise InvalidField("frame.json.ego_state", "an ego state, or --speed-mps", None)
    state = EgoState(speed_mps or 0.0) if given is None else EgoState(**given.model_dump())
    future = frame.description.future_trajectory_ego_m
    truth = None if future is None or len(future) != horizon.waypoints else np.array(future, np.float64)
    return ChatScene(frame, state, command, _extrapolations(state, horizon), truth)


def scene_of_sample(
    data: Path, sample_token: str | None = None, dataroot: Path | None = None, version: str | None = None
) -> ChatScene:
    """A key frame of correction samples with all its proposals.

    Args:
        data: Directory that `training data build` wrote.
        sample_token: Which; None takes the first of the test split, or else of validation or training.
        dataroot, version: The nuScenes data set, where it has moved since.

    Raises:
        InvalidField: No such directory, sample or data set.
    """
    from perception_service.convert.nuscenes_sample import frame_from_sample

    rows = _rows_of(data, sample_token)
    try:
        summary = read_summary(data)
    except (OSError, ValueError, TypeError) as error:
        raise InvalidField("data", "what `training data build` wrote, with its summary.json", error) from None
    nuscenes = open_nuscenes(dataroot or Path(summary.dataroot), version or summary.version)
    first = rows[0]
    return ChatScene(
        frame=frame_from_sample(nuscenes, first["sample_token"]),
        ego_state=EgoState(**first["ego_state"]),
        command=first["command"],
        proposals={row["proposal_kind"]: np.array(row["proposal"], np.float64) for row in rows},
        truth_ego_m=np.array(first["truth"], np.float64),
    )


def _rows_of(data: Path, sample_token: str | None) -> list[Mapping[str, Any]]:
    """The conversation rows of a key frame, one for each proposal."""
    for split in reversed(SPLITS):
        if not shards_of(data, CONVERSATIONS, split):
            continue
        conversations: Any = load_conversations(data, split)
        tokens = conversations["sample_token"]
        wanted = sample_token or (tokens[0] if len(tokens) else None)
        if found := [index for index, token in enumerate(tokens) if token == wanted]:
            return [conversations[index] for index in found]
    expected = f"the token of a key frame in {data}" if sample_token else f"samples in {data}"
    raise InvalidField("sample", expected, sample_token)


def _extrapolations(state: EgoState, horizon: Horizon) -> dict[str, NDArray[np.float64]]:
    times_s = horizon.times_s
    return {
        "constant_velocity": constant_velocity(state, times_s),
        "ctra": constant_turn_rate_and_acceleration(state, times_s),
        "frozen": np.zeros((horizon.waypoints, 2)),
    }
