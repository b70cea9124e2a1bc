"""A real nuScenes frame, converted and corrected through both services."""

import subprocess
import sys

import numpy as np
import pytest

from tests.end_to_end.conftest import REPOSITORY
from tests.end_to_end.requests import CORRECT, inline_parts
from waymend.frames import read_frame_directory

REAL_FRAME = REPOSITORY.parent / "shared/data/nuscenes_frame_scene-0061"


@pytest.mark.skipif(not REAL_FRAME.is_dir(), reason="the real frame is not here")
def test_the_real_frame_is_corrected_with_finite_output(rest, tmp_path):
    (info,) = REAL_FRAME.glob("*.pkl")
    command = ["-m", "perception_service", "convert-mmdet3d", str(info), "--images-dir", str(REAL_FRAME)]
    subprocess.run([sys.executable, *command, "--out", str(tmp_path / "frame")], check=True)
    frame = read_frame_directory(tmp_path / "frame")
    response = rest.post(CORRECT, files=inline_parts(frame, explain=True))
    assert response.status_code == 200, response.text
    answer = response.json()
    assert np.isfinite(answer["waypoints_ego_m"]).all()
    assert np.isfinite(answer["scale_m"]).all()
    assert answer["scene"]["agents"] > 20
