"""Key frames of correction samples as training batches of one."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from datasets import Dataset as Rows
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from perception_service.boxes import lidar_boxes_from_agents
from perception_service.models.bevfusion.transfusion_losses import BoxTargets
from perception_service.models.config import PerceptionConfig
from perception_service.preprocessing import bevfusion_inputs
from perception_service.scene import Scene
from training.data.samples.keyframe import Keyframe
from training.data.samples.keyframe_rows import keyframe_from_row
from training.data.samples.loading import load_keyframes
from training.data.samples.summary import read_summary
from training.loading.sensors import SensorReader
from training.perceiving.agent_labels import AGENT_LABELS, agent_labels
from training.perceiving.image_labels import ImageCells, image_labels
from training.perceiving.map_labels import MAP_LABELS, map_labels
from training.perceiving.raster_grid import RasterGrid
from training.perceiving.training_batch import Labels, TrainingBatch
from waymend.errors import InvalidField

BEV_LABELS = (*MAP_LABELS, *AGENT_LABELS)


class PerceptionFrames(Dataset[TrainingBatch]):
    """The key frames of a split, read when they are asked for.

    Args:
        rows: Of `load_keyframes`.
        reader: Of the sensors.
        perception: Configuration of the model, as `PerceptionConfig.parse` reads it.
    """

    def __init__(self, rows: Rows, reader: SensorReader, perception: Mapping[str, Any]) -> None:
        self._rows, self._reader = rows, reader
        self._grid = RasterGrid.of(perception)
        height, width = perception["image"]["size"]
        rows_of_cells, columns = perception["bevfusion"]["view_transform"]["feature_size"]
        self._cells = ImageCells((height, width), (rows_of_cells, columns))

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: int) -> TrainingBatch:
        """A batch of one.

        Raises:
            InvalidField: A sensor or file of the sample is missing or broken.
        """
        keyframe = keyframe_from_row(self._rows[index])
        return self.batch_of(keyframe, self._reader.scene(keyframe.sample_token))

    def batch_of(self, keyframe: Keyframe, scene: Scene) -> TrainingBatch:
        """The batch of a key frame with its decoded sensors."""
        inputs = bevfusion_inputs(scene, self._reader.config)
        boxes, labels = lidar_boxes_from_agents(keyframe.agents, scene.ego_from_lidar)
        road, known = map_labels(keyframe.road_map, scene.ego_from_lidar, self._grid)
        agents = agent_labels(boxes, labels, self._grid)
        height_m = -float(scene.ego_from_lidar.translation_m[2])
        ground = (road[0], known[0])
        seen, counted = image_labels(inputs, boxes, labels, ground, height_m, self._cells, self._grid)
        return TrainingBatch(
            inputs=inputs,
            boxes=[BoxTargets(torch.from_numpy(boxes).float(), torch.from_numpy(labels))],
            bev=Labels(
                _batch_of_one(np.concatenate((road, agents.occupied))),
                _batch_of_one(np.concatenate((known, np.ones_like(agents.occupied)))),
            ),
            velocity_mps=_batch_of_one(agents.velocity_mps),
            image=Labels(torch.from_numpy(seen), torch.from_numpy(counted)),
        )


def open_frames(directory: Path, split: str, perception: Mapping[str, Any], sweeps: int) -> PerceptionFrames:
    """The key frames of a split of what `training data build` wrote.

    Args:
        directory: Of the samples.
        split: train, val or test.
        perception: Configuration of the model.
        sweeps: LiDAR sweeps that are merged, the key sweep included.

    Raises:
        InvalidField: There are no such samples, or the data set that they were built from is gone.
    """
    try:
        summary = read_summary(directory)
    except OSError as error:
        raise InvalidField("data", "what `training data build` wrote, with its summary.json", error) from None
    rows = load_keyframes(directory, split)
    if not isinstance(rows, Rows):
        raise InvalidField("data", "rows that are not streamed", directory)
    reader = SensorReader(Path(summary.dataroot), summary.version, PerceptionConfig.parse(perception), sweeps=sweeps)
    reader.open()
    return PerceptionFrames(rows, reader, perception)


def _batch_of_one(raster: NDArray[Any]) -> Tensor:
    return torch.from_numpy(raster)[None]
