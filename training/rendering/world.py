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


class Surfaces:
    """Triangles with instance ids and a search structure over them; what does not move is built once.

    Args:
        pieces: (instance, part) pairs in one frame; instance >= 0 for agents, else `STATIC_INSTANCE`.
    """

    def __init__(self, pieces: Sequence[tuple[int, Part]]) -> None:
        whole = merged([piece for _, piece in pieces])
        first, second, third = (whole.vertices_m[whole.faces[:, corner]] for corner in range(3))
        cross = np.cross(second - first, third - first)
        area = np.sqrt(np.einsum("ij,ij->i", cross, cross))
        solid = area > 1e-10
        self.normals = cross[solid] / area[solid, None]
        self.anchors_m = first[solid]
        self.colors = whole.colors[solid]
        self.materials = whole.materials[solid]
        self.instances = np.concatenate([np.full(len(piece.faces), number) for number, piece in pieces])[solid]
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


class World:
    """Everything that rays can meet at one moment, and the paint of the ground.

    Args:
        pieces: (instance, part) pairs, see `Surfaces`.
        ground: Colours of `Material.GROUND` faces.
        backdrop: Surfaces in the same frame that many moments share.
    """

    def __init__(
        self, pieces: Sequence[tuple[int, Part]], ground: GroundPaint, backdrop: Surfaces | None = None
    ) -> None:
        self.ground = ground
        self._layers = [backdrop] if backdrop is not None else []
        if pieces:
            self._layers.append(Surfaces(pieces))
        self._first_faces = np.cumsum([0, *(len(layer.normals) for layer in self._layers[:-1])])
        self.normals = np.concatenate([layer.normals for layer in self._layers])
        self.colors = np.concatenate([layer.colors for layer in self._layers])
        self.materials = np.concatenate([layer.materials for layer in self._layers])
        self.instances = np.concatenate([layer.instances for layer in self._layers])

    def cast(self, origins_m: NDArray[np.float64], directions: NDArray[np.float64]) -> Hits:
        """First hits of rays from origins [N, 3] along unit directions [N, 3]."""
        nearest = self._layers[0].cast(origins_m, directions)
        for layer, first_face in zip(self._layers[1:], self._first_faces[1:], strict=True):
            hits = layer.cast(origins_m, directions)
            closer = hits.distance_m < nearest.distance_m
            nearest.face[closer] = hits.face[closer] + first_face
            nearest.distance_m[closer] = hits.distance_m[closer]
        return nearest

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
