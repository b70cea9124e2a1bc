"""Camera images agree with the calibration that frames state."""

import numpy as np
import pytest

from training.procedural.street import StreetPaint
from training.rendering.cameras import render_camera
from training.rendering.lighting import Daylight
from training.rendering.sensors import nuscenes_cameras
from training.rendering.world import World
from waymend.geometry import project_to_image
from waymend.vocabulary import CAMERA_NAMES

SOLID = ("car", "truck", "bus", "pedestrian")
"""Classes whose box centre lies in matter."""


def test_cameras_come_in_the_order_of_the_vocabulary():
    assert tuple(camera.name for camera in nuscenes_cameras(160, 90)) == CAMERA_NAMES


def test_projected_box_centres_land_on_the_pixels_of_their_agent(scene, scene_from_ego, time_s):
    """Each agent alone, so that nothing hides it."""
    checked = 0
    for actor in scene.actors:
        center_ego = scene_from_ego.inverse().apply(actor.pose(time_s).apply(np.array([0, 0, actor.size_m[2] * 0.5])))
        if actor.object_class not in SOLID or not 5.0 < np.hypot(*center_ego[:2]) < 45.0:
            continue
        alone = World([(0, actor.shape.placed(actor.pose(time_s)))], StreetPaint(scene.street))
        for camera in nuscenes_cameras(320, 180):
            (pixel,), (depth,) = project_to_image(center_ego[None], camera.intrinsic, camera.ego_from_camera)
            if depth > 1.0 and (pixel >= 2).all() and (pixel < [318, 178]).all():
                image = render_camera(alone, Daylight(), camera, scene_from_ego, samples=1)
                assert image.instances[int(pixel[1]), int(pixel[0])] == 0, (actor.track_id, camera.name)
                checked += 1
    assert checked >= 8


def test_the_lead_car_is_seen_in_the_front_camera(world, scene, scene_from_ego, time_s):
    number = [actor.track_id for actor in scene.actors].index("car-lead")
    lead, camera = scene.actors[number], nuscenes_cameras(320, 180)[0]
    center = scene_from_ego.inverse().apply(lead.pose(time_s).apply(np.array([[0, 0, 0.75]])))
    (pixel,), _ = project_to_image(center, camera.intrinsic, camera.ego_from_camera)
    image = render_camera(world, Daylight(), camera, scene_from_ego, samples=1)
    assert image.instances[int(pixel[1]), int(pixel[0])] == number


def test_an_image_has_bright_sky_above_grey_road(world, scene_from_ego):
    image = render_camera(world, Daylight(), nuscenes_cameras(160, 90)[0], scene_from_ego, samples=1).rgb
    sky, road = image[2:8, 70:90].reshape(-1, 3).mean(axis=0), image[80:90, 80:100].reshape(-1, 3).mean(axis=0)
    assert sky[2] > road[2] + 30
    assert np.ptp(road) < 30
    assert image.std() > 25


def test_more_exposure_makes_a_brighter_image(world, scene_from_ego):
    camera = nuscenes_cameras(80, 45)[0]
    dark, bright = (
        render_camera(world, Daylight(exposure=exposure), camera, scene_from_ego, samples=1).rgb.mean()
        for exposure in (0.3, 0.9)
    )
    assert bright > dark * 1.3


@pytest.mark.parametrize("width_px", [160, 352])
def test_intrinsics_scale_with_the_image(width_px):
    focal = nuscenes_cameras(width_px, 90)[0].intrinsic[0, 0]
    assert focal == pytest.approx(1266.0 * width_px / 1600)
