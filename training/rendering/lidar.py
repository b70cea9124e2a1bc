"""LiDAR clouds by ray-casting."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.rendering.sensors import Lidar
from training.rendering.world import World
from waymend.geometry import Pose

_MISSED_SHARE = 0.02
_FALLOFF_M = 45.0


@dataclass(frozen=True, slots=True, eq=False)
class Scan:
    """One turn of the LiDAR.

    Attributes:
        points_lidar: float32 [N, 5]: x, y, z (LiDAR frame, m), intensity 0..255, age 0 s.
        instances: int64 [N], instance that each point lies on.
        rings: int64 [N], number of the beam, lowest first.
    """

    points_lidar: NDArray[np.float32]
    instances: NDArray[np.int64]
    rings: NDArray[np.int64]


def scan(world: World, lidar: Lidar, world_from_ego: Pose, random: np.random.Generator) -> Scan:
    """Fires every beam once per column; all at one moment, so nothing is skewed by motion."""
    world_from_lidar = world_from_ego @ lidar.ego_from_lidar
    rays = _rays(lidar)
    directions = rays @ world_from_lidar.rotation.T
    origins = np.broadcast_to(world_from_lidar.translation_m, directions.shape).copy()
    hits = world.cast(origins, directions)
    strength = _strength(world, origins, directions, hits.face, hits.distance_m)
    measured_m = hits.distance_m + random.normal(scale=lidar.noise_m, size=len(rays))
    nearest_m, farthest_m = lidar.range_m
    kept = hits.found & (hits.distance_m > nearest_m) & (hits.distance_m < farthest_m)
    kept &= random.random(len(rays)) < (1 - _MISSED_SHARE) * np.clip(strength / 0.012, 0, 1)
    intensity = np.clip(strength * 255.0 * random.normal(1.0, 0.08, size=len(rays)), 0, 255)
    points = np.zeros((int(kept.sum()), 5), np.float32)
    points[:, :3] = np.round(rays[kept] * measured_m[kept, None], 3)
    points[:, 3] = np.round(intensity[kept])
    return Scan(points, world.instance_of(hits)[kept], np.flatnonzero(kept) // lidar.columns)


def _rays(lidar: Lidar) -> NDArray[np.float64]:
    """Unit rays [B * columns, 3] in the LiDAR frame, clockwise from straight ahead."""
    azimuth = 2 * np.pi * np.arange(lidar.columns) / lidar.columns
    elevation, turn = np.meshgrid(lidar.elevations_rad, azimuth, indexing="ij")
    rays = [np.cos(elevation) * np.sin(turn), np.cos(elevation) * np.cos(turn), np.sin(elevation)]
    return np.stack(rays, axis=-1).reshape(-1, 3)


def _strength(
    world: World,
    origins_m: NDArray[np.float64],
    directions: NDArray[np.float64],
    face: NDArray[np.int64],
    distance_m: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Returned share of the pulse [N]: reflectivity, times the cosine of incidence, fading with distance."""
    strength = np.zeros(len(face))
    found = face >= 0
    points = origins_m[found] + directions[found] * distance_m[found, None]
    _, reflectivity = world.surface(face[found], points, np.full(int(found.sum()), 0.05))
    incidence = np.abs(np.einsum("ij,ij->i", world.normals[face[found]], directions[found]))
    strength[found] = reflectivity * (0.25 + 0.75 * incidence) * np.exp(-distance_m[found] / _FALLOFF_M)
    return strength
