"""The same moment with left and right exchanged, as where traffic keeps to the other side."""

from dataclasses import replace

import torch
from torch import Tensor

from perception_service.models.tokens.lane_ways import TURNS
from perception_service.models.tokens.way_features import LANE_NUMBERS, WAY_FEATURES, WAY_NUMBERS, WAY_POSITIONS
from training.forecasting.frames import ForecastBatch
from waymend.vocabulary import COMMANDS

_EGO_STATE = torch.tensor([1.0, 1.0, -1.0, 1.0])
_HISTORY = torch.tensor([1.0, -1.0, 1.0, -1.0, 1.0])
_AGENT = torch.tensor([1.0, -1.0, 1.0, 1.0, 1.0, 1.0, 1.0, -1.0, 1.0, -1.0, 1.0])
_POLYLINE = torch.tensor([1.0, -1.0, 1.0, -1.0])
_LANE = torch.tensor([1.0, -1.0, -1.0])
_WAY = torch.ones(WAY_NUMBERS)
_WAY[WAY_NUMBERS - 2 * WAY_POSITIONS + 1 :: 2] = -1.0
"""Signs of the numbers that `VectorInputs` and `way_features` list."""
_OTHER_TURN = [TURNS.index(name) for name in ("right", "straight", "left")]
_OTHER_COMMAND = [COMMANDS.index({"left": "right", "right": "left"}.get(name, name)) for name in COMMANDS]


def mirrored(batch: ForecastBatch) -> ForecastBatch:
    """The batch as it would look in a mirror along the ego x axis."""
    vectors = batch.vectors
    return ForecastBatch(
        replace(
            vectors,
            ego_state=vectors.ego_state * _EGO_STATE,
            ways=_mirrored_ways(vectors.ways),
            history=vectors.history * _HISTORY,
            agents=vectors.agents * _AGENT,
            polylines=vectors.polylines * _POLYLINE,
        ),
        batch.command[:, _OTHER_COMMAND],
        batch.beyond_ctra_m * torch.tensor([1.0, -1.0]),
    )


def _mirrored_ways(ways: Tensor) -> Tensor:
    lane, each = ways.split((LANE_NUMBERS, WAY_FEATURES - LANE_NUMBERS), -1)
    turned = each.unflatten(-1, (len(TURNS), WAY_NUMBERS))[:, _OTHER_TURN] * _WAY
    return torch.cat((lane * _LANE, turned.flatten(1)), -1)
