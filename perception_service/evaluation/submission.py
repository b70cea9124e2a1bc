"""Detections as a nuScenes detection submission (https://www.nuscenes.org/object-detection, "Results format")."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from perception_service.evaluation.attributes import attribute_of
from waymend.agents import AgentBox
from waymend.geometry import Pose

_MOST_BOXES_PER_SAMPLE = 500
_SENSORS = {"use_camera": True, "use_lidar": True, "use_radar": False, "use_map": False, "use_external": False}


@dataclass(frozen=True, slots=True, eq=False)
class SampleDetections:
    """What was found in a sample: boxes in its ego frame, best first, and where that frame is."""

    boxes: Sequence[AgentBox]
    global_from_ego: Pose


def write_submission(path: Path, detections: Mapping[str, SampleDetections]) -> None:
    """Writes the detections of each sample token; of more than 500 in a sample, the best 500."""
    results = {
        token: [submitted_box(box, token, sample.global_from_ego) for box in sample.boxes[:_MOST_BOXES_PER_SAMPLE]]
        for token, sample in detections.items()
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"meta": _SENSORS, "results": results}))


def submitted_box(box: AgentBox, sample_token: str, global_from_ego: Pose) -> dict[str, Any]:
    """One entry: global frame, centre, width before length, quaternion scalar first, velocity over ground."""
    pose = global_from_ego @ Pose.from_yaw(box.yaw_rad, box.center_ego_m)
    velocity_mps = global_from_ego.rotation @ (*box.velocity_ego_mps, 0.0)
    return {
        "sample_token": sample_token,
        "translation": pose.translation_m.tolist(),
        "size": [box.width_m, box.length_m, box.height_m],
        "rotation": pose.quaternion_wxyz.tolist(),
        "velocity": velocity_mps[:2].tolist(),
        "detection_name": box.object_class,
        "detection_score": box.score,
        "attribute_name": attribute_of(box.object_class, math.hypot(*box.velocity_ego_mps)),
    }
