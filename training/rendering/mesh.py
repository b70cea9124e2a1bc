"""Triangle parts with a colour and a material per face, and how they are joined and placed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from training.rendering.materials import Material
from waymend.geometry import Pose


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A piece of geometry.

    Attributes:
        vertices_m: float64 [V, 3].
        faces: int64 [F, 3], indices of vertices.
        colors: float64 [F, 3], linear RGB albedo; radiance for `Material.LIGHT`.
        materials: uint8 [F], values of `Material`.
    """

    vertices_m: NDArray[np.float64]
    faces: NDArray[np.int64]
    colors: NDArray[np.float64]
    materials: NDArray[np.uint8]

    def placed(self, pose: Pose) -> "Part":
        return replace(self, vertices_m=pose.apply(self.vertices_m))

    def moved(self, x_m: float = 0.0, y_m: float = 0.0, z_m: float = 0.0) -> "Part":
        return replace(self, vertices_m=self.vertices_m + np.array([x_m, y_m, z_m]))

    def fitted(self, length_m: float, width_m: float, height_m: float) -> "Part":
        """Scaled and moved to fill a box that is centred in x and y and stands on z = 0."""
        low, high = self.vertices_m.min(axis=0), self.vertices_m.max(axis=0)
        unit = (self.vertices_m - low) / (high - low) - np.array([0.5, 0.5, 0.0])
        return replace(self, vertices_m=unit * np.array([length_m, width_m, height_m]))


def part(vertices_m: ArrayLike, faces: ArrayLike, color: ArrayLike, material: Material) -> Part:
    """A part of one material; `color` is one linear RGB or one per face."""
    triangles = np.asarray(faces, np.int64).reshape(-1, 3)
    colors = np.broadcast_to(np.asarray(color, np.float64), (len(triangles), 3)).copy()
    materials = np.full(len(triangles), material, np.uint8)
    return Part(np.asarray(vertices_m, np.float64).reshape(-1, 3), triangles, colors, materials)


def merged(parts: Sequence[Part]) -> Part:
    """All parts as one."""
    offsets = np.cumsum([0, *(len(piece.vertices_m) for piece in parts[:-1])])
    return Part(
        np.concatenate([piece.vertices_m for piece in parts]),
        np.concatenate([piece.faces + offset for piece, offset in zip(parts, offsets, strict=True)]),
        np.concatenate([piece.colors for piece in parts]),
        np.concatenate([piece.materials for piece in parts]),
    )
