"""Camera images with the trajectories laid on the road."""

import io

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from numpy.typing import NDArray
from PIL import Image

from training.pictures import palette
from training.pictures.correction_view import CorrectionView
from training.pictures.ribbon import ribbon_in_image, smooth_path
from waymend.frames import FrameDirectory
from waymend.frames.description import CameraDescription, CameraKey

CAMERA_ROWS: tuple[tuple[CameraKey, ...], ...] = (
    ("CAM_FRONT_LEFT", "CAM_FRONT", "CAM_FRONT_RIGHT"),
    ("CAM_BACK_LEFT", "CAM_BACK", "CAM_BACK_RIGHT"),
)
"""nuScenes' usual arrangement."""

_START_M = 2.5
_WIDEST_PX = 900


def draw_camera(axes: Axes, name: CameraKey, frame: FrameDirectory, answer: CorrectionView) -> None:
    """Draws one camera; the proposal is the wide ribbon, the correction the narrow one upon it."""
    camera = frame.description.cameras[name]
    draw_image(axes, name, frame)
    draw_ribbon(axes, answer.proposal_ego_m, 0.85, palette.PROPOSAL, 0.62, camera)
    draw_ribbon(axes, answer.correction_ego_m, 0.45, palette.CORRECTION, 0.72, camera)
    future = frame.description.future_trajectory_ego_m
    if future is not None:
        draw_ribbon(axes, np.array(future), 0.07, palette.TRUTH, 0.95, camera)


def draw_image(axes: Axes, name: CameraKey, frame: FrameDirectory) -> None:
    """Draws what a camera saw, with its name."""
    camera = frame.description.cameras[name]
    extent = (0, camera.width_px, camera.height_px, 0)
    axes.imshow(_decoded(frame.jpegs[name]), extent=extent, interpolation="lanczos")
    axes.set_xlim(0, camera.width_px)
    axes.set_ylim(camera.height_px, 0)
    axes.axis("off")
    label = name.removeprefix("CAM_").replace("_", " ").lower()
    box = {"boxstyle": "square,pad=0.35", "facecolor": "black", "alpha": 0.55, "edgecolor": "none"}
    axes.text(
        0.015, 0.965, label, transform=axes.transAxes, color="white", fontsize=palette.SMALL_PT, va="top", bbox=box
    )


def draw_ribbon(
    axes: Axes,
    trajectory_ego_m: NDArray[np.float64],
    half_width_m: float,
    color: str,
    alpha: float,
    camera: CameraDescription,
) -> None:
    """Lays a trajectory [T, 2] on the road."""
    polygons = ribbon_in_image(smooth_path(trajectory_ego_m, _START_M), half_width_m, camera)
    if polygons:
        axes.add_collection(
            PolyCollection(polygons, facecolors=color, edgecolors="none", alpha=alpha, antialiaseds=False)
        )


def _decoded(jpeg: bytes) -> NDArray[np.uint8]:
    """At most 900 px wide, so that full nuScenes frames make no larger picture."""
    image = Image.open(io.BytesIO(jpeg)).convert("RGB")
    image.thumbnail((_WIDEST_PX, _WIDEST_PX), Image.Resampling.LANCZOS)
    return np.asarray(image)
