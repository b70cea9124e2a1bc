"""Proposals of a key frame and what is said of them, as rows of a parquet file in LLaMA-Factory's sharegpt shape."""

from dataclasses import replace

import numpy as np
import pyarrow as pa

from training.data.explanations.conversation import conversation_for
from training.data.samples.keyframe import Keyframe, Proposal
from training.data.samples.keyframe_rows import EGO_STATE, POINTS, Row, ego_state_row, numbers
from training.data.samples.proposals import proposals_for
from training.data.samples.seeds import stream
from waymend.trajectory import Horizon

_MESSAGE = pa.struct({"role": pa.string(), "content": pa.string()}.items())

CONVERSATION_SCHEMA = pa.schema(
    {
        "sample_token": pa.string(),
        "scene_name": pa.string(),
        "proposal_kind": pa.string(),
        "proposal": POINTS,
        "truth": POINTS,
        "ego_state": EGO_STATE,
        "command": pa.string(),
        "system": pa.string(),
        "tools": pa.string(),
        "conversation": pa.list_(_MESSAGE),
        "findings": pa.string(),
    }
)


def conversation_rows(keyframe: Keyframe, horizon: Horizon, seed: int) -> list[Row]:
    """A row of `CONVERSATION_SCHEMA` per proposal; what is random follows from the seed and the sample's token."""
    proposals = proposals_for(keyframe, horizon, stream(seed, keyframe.sample_token))
    return [_row(keyframe, _stored(proposal), seed) for proposal in proposals]


def _stored(proposal: Proposal) -> Proposal:
    """With the numbers that the file will hold, so that what is said of them is true of the file."""
    return replace(proposal, waypoints_ego_m=proposal.waypoints_ego_m.astype(np.float32).astype(np.float64))


def _row(keyframe: Keyframe, proposal: Proposal, seed: int) -> Row:
    said = conversation_for(keyframe, proposal, stream(seed, keyframe.sample_token, proposal.kind))
    return {
        "sample_token": keyframe.sample_token,
        "scene_name": keyframe.scene_name,
        "proposal_kind": proposal.kind,
        "proposal": numbers(proposal.waypoints_ego_m),
        "truth": numbers(keyframe.future_ego_m),
        "ego_state": ego_state_row(keyframe.ego_state),
        "command": keyframe.command,
        "system": said.system,
        "tools": "",
        "conversation": [{"role": message.role, "content": message.content} for message in said.messages],
        "findings": said.findings,
    }
