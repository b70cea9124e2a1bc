"""The picture is written, shows every trajectory in its colour, and copes with what a frame leaves out."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from training.pictures import CorrectionView, draw_correction
from training.pictures.palette import CORRECTION, PROPOSAL, TRUTH
from training.pictures.ribbon import ribbon_in_image, smooth_path
from waymend.frames import read_frame_directory

DRIVE = Path(__file__).parents[3] / "demo" / "drive"
STRAIGHT_EGO_M = np.stack([np.linspace(4.0, 24.0, 6), np.zeros(6)], axis=1)


@pytest.fixture(scope="module")
def frame():
    return read_frame_directory(DRIVE / "001")


@pytest.fixture(scope="module")
def answer():
    return CorrectionView(
        proposal_ego_m=STRAIGHT_EGO_M,
        correction_ego_m=STRAIGHT_EGO_M * [0.8, 1.0] + [0.0, 0.5],
        scale_m=np.linspace(0.2, 1.5, 6),
        status="corrected",
        proposal_checks=[("collision", "failed", "touches car after 2.5 s"), ("jerk", "not_checked", "")],
        correction_checks=[("collision", "passed", "no agent is touched"), ("jerk", "not_checked", "")],
        explanation="The car ahead stops before the crossing.",
        model_label="tiny (untrained)",
    )


def pixels_near(picture, color, tolerance=24):
    wanted = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)])
    return int((np.abs(picture.astype(int) - wanted).max(axis=-1) < tolerance).sum())


def read(path):
    return np.asarray(Image.open(path).convert("RGB"))


def test_the_picture_is_wide_small_and_shows_all_trajectories(frame, answer, tmp_path):
    path = tmp_path / "new" / "correction.png"
    draw_correction(frame, answer, path)
    picture = read(path)
    assert 1600 <= picture.shape[1] <= 2000
    assert path.stat().st_size < 1_000_000
    assert picture.std() > 30
    for color in (PROPOSAL, CORRECTION, TRUTH):
        assert pixels_near(picture, color) > 300


def test_the_true_future_is_drawn_only_where_it_is_known(frame, answer, tmp_path):
    unknown = replace(frame, description=frame.description.model_copy(update={"future_trajectory_ego_m": None}))
    draw_correction(frame, answer, tmp_path / "known.png")
    draw_correction(unknown, answer, tmp_path / "unknown.png")
    known_px, unknown_px = (pixels_near(read(tmp_path / f"{name}.png"), TRUTH) for name in ("known", "unknown"))
    assert unknown_px < known_px / 2


def test_a_frame_without_map_agents_and_state_is_drawn(frame, answer, tmp_path):
    update = {"map": None, "agents": None, "ego_state": None, "future_trajectory_ego_m": None}
    bare = replace(frame, description=frame.description.model_copy(update=update))
    draw_correction(bare, replace(answer, status="kept_proposal", explanation=""), tmp_path / "bare.png")
    assert pixels_near(read(tmp_path / "bare.png"), PROPOSAL) > 300


@pytest.mark.parametrize("text", ["costs $5 and $_{", "a\nb\x00c", "word " * 400], ids=["maths", "control", "long"])
def test_any_model_text_is_drawn_as_it_is(frame, answer, tmp_path, text):
    draw_correction(frame, replace(answer, explanation=text, model_label=text[:40]), tmp_path / "text.png")
    assert (tmp_path / "text.png").stat().st_size > 100_000


def test_standing_still_is_drawn(frame, answer, tmp_path):
    still = replace(answer, proposal_ego_m=np.zeros((6, 2)), correction_ego_m=np.zeros((6, 2)), scale_m=np.zeros(6))
    draw_correction(frame, still, tmp_path / "still.png")
    assert read(tmp_path / "still.png").std() > 30


def test_a_straight_trajectory_lies_on_the_road_of_the_front_camera_only(frame):
    cameras = frame.description.cameras
    ribbons = ribbon_in_image(smooth_path(STRAIGHT_EGO_M, 2.5), 0.45, cameras["CAM_FRONT"])
    pixels = np.concatenate(ribbons)
    camera = cameras["CAM_FRONT"]
    assert (pixels >= 0).all()
    assert (pixels <= [camera.width_px, camera.height_px]).all()
    assert pixels[:, 1].min() > camera.intrinsic[1][2]
    assert abs(pixels[:, 0].mean() - camera.intrinsic[0][2]) < 0.1 * camera.width_px
    assert np.ptp(pixels[:, 1]) > 0.2 * camera.height_px
    assert ribbon_in_image(smooth_path(STRAIGHT_EGO_M, 2.5), 0.45, cameras["CAM_BACK"]) == []


def test_a_smooth_path_passes_through_every_waypoint():
    curved = np.stack([np.linspace(3, 18, 6), np.linspace(0, 1, 6) ** 2 * 4], axis=1)
    path = smooth_path(curved)
    nearest = np.linalg.norm(path[:, None] - curved, axis=-1).min(axis=0)
    np.testing.assert_allclose(nearest, 0, atol=1e-9)
