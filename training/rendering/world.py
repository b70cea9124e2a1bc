"""The geometry of one moment, and where rays hit it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import trimesh
from numpy.typing import NDArray
from trimesh.ray.ray_pyembree import RayMeshIntersector

from training.rendering.materials import LASER_REFLECTIVITY, Material
from training.rendering.mesh import Part, merged

STATIC_INSTANCE = -1
"""Instance of faces that belong to no agent; rays that hit nothing have it too."""


class GroundPaint(Protocol):
    """Colours of everything that lies flat: road, markings, pavement, verge."""

    def paint(
        self, points_m: NDArray[np.float64], blur_m: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Linear RGB albedo [N, 3] and laser reflectivity [N] at points [N, 3], averaged over `blur_m` [N]."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Hits:
    """First hits of N rays. Where nothing is hit, `face` is -1 and `distance_m` infinite."""

    face: NDArray[np.int64]
    distance_m: NDArray[np.float64]

    @property
    def found(self) -> NDArray[np.bool_]:
        return self.face >= 0


class World:
    """Triangles with instance ids, and the paint of the ground.

    Args:
        pieces: (instance, part) pairs in one frame; instance >= 0 for agents, else `STATIC_INSTANCE`.
        ground: Colours of `Material.GROUND` faces.
    """

    def __init__(self, pieces: Sequence[tuple[int, Part]], ground: GroundPaint) -> None:
        whole = merged([piece for _, piece in pieces])
        corners = whole.vertices_m[whole.faces]
        cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        area = np.linalg.norm(cross, axis=1)
        solid = area > 1e-10
        self.normals = cross[solid] / area[solid, None]
        self.anchors_m = corners[solid, 0]
        self.colors = whole.colors[solid]
        self.materials = whole.materials[solid]
        self.instances = np.concatenate([np.full(len(piece.faces), number) for number, piece in pieces])[solid]
        self.ground = ground
        mesh = trimesh.Trimesh(whole.vertices_m, whole.faces[solid], process=False, validate=False)
        self._intersector = RayMeshIntersector(mesh, scale_to_box=False)

    def cast(self, origins_m: NDArray[np.float64], directions: NDArray[np.float64]) -> Hits:
        """First hits of rays from origins [N, 3] along unit directions [N, 3]."""
        face = np.asarray(self._intersector.intersects_first(origins_m, directions), np.int64)
        distance = np.full(len(face), np.inf)
        hit = face >= 0
        normal = self.normals[face[hit]]
        towards = np.einsum("ij,ij->i", self.anchors_m[face[hit]] - origins_m[hit], normal)
        approach = np.einsum("ij,ij->i", directions[hit], normal)
        distance[hit] = towards / np.where(np.abs(approach) > 1e-9, approach, 1e-9)
        return Hits(face, distance)

    def surface(
        self, face: NDArray[np.int64], points_m: NDArray[np.float64], blur_m: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Albedo [N, 3] and laser reflectivity [N] of hit points."""
        albedo = self.colors[face]
        reflectivity = LASER_REFLECTIVITY[self.materials[face]]
        flat = self.materials[face] == Material.GROUND
        albedo[flat], reflectivity[flat] = self.ground.paint(points_m[flat], blur_m[flat])
        return albedo, reflectivity

    def instance_of(self, hits: Hits) -> NDArray[np.int64]:
        """Instance [N] that each ray hit."""
        return np.where(hits.found, self.instances[np.maximum(hits.face, 0)], STATIC_INSTANCE)
