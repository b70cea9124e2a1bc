"""Elementary solids: boxes, tubes, tori, blobs, lofts and panelled quads."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from training.rendering.materials import Material
from training.rendering.mesh import Part, part

_BOX_FACES = [
    [0, 2, 1], [0, 3, 2], [4, 5, 6], [4, 6, 7], [0, 1, 5], [0, 5, 4],
    [1, 2, 6], [1, 6, 5], [2, 3, 7], [2, 7, 6], [3, 0, 4], [3, 4, 7],
]  # fmt: skip


def box(low_m: Sequence[float], high_m: Sequence[float], color: ArrayLike, material: Material) -> Part:
    """An axis-aligned box between two corners."""
    (x0, y0, z0), (x1, y1, z1) = low_m, high_m
    base = [[x0, y0], [x1, y0], [x1, y1], [x0, y1]]
    vertices = [[x, y, z0] for x, y in base] + [[x, y, z1] for x, y in base]
    return part(vertices, _BOX_FACES, color, material)


def loft(sections_m: ArrayLike, color: ArrayLike, material: Material) -> Part:
    """A skin over closed cross-sections [S, M, 3] of equal point count, with flat caps."""
    sections = np.asarray(sections_m, np.float64)
    count, points = sections.shape[:2]
    around = np.arange(points)
    after = (around + 1) % points
    faces = []
    for row in range(count - 1):
        low, high = row * points, (row + 1) * points
        faces += [np.stack([low + around, low + after, high + after], 1)]
        faces += [np.stack([low + around, high + after, high + around], 1)]
    fan = np.stack([np.zeros(points - 2, int), around[1:-1], around[2:]], 1)
    faces += [fan[:, ::-1], fan + (count - 1) * points]
    return part(sections.reshape(-1, 3), np.concatenate(faces), color, material)


def tube(
    start_m: ArrayLike,
    end_m: ArrayLike,
    radius_m: float | tuple[float, float],
    color: ArrayLike,
    material: Material,
    sides: int = 8,
) -> Part:
    """A cylinder, or a cone's stump when two radii are given, between two points."""
    start, end = np.asarray(start_m, np.float64), np.asarray(end_m, np.float64)
    axis = (end - start) / np.linalg.norm(end - start)
    across = np.cross(axis, [1.0, 0.0, 0.0] if abs(axis[0]) < 0.8 else [0.0, 1.0, 0.0])
    across /= np.linalg.norm(across)
    angle = 2 * np.pi * np.arange(sides) / sides
    circle = np.cos(angle)[:, None] * across + np.sin(angle)[:, None] * np.cross(axis, across)
    first, last = radius_m if isinstance(radius_m, tuple) else (radius_m, radius_m)
    return loft([start + first * circle, end + last * circle], color, material)


def torus(
    center_m: ArrayLike, radius_m: float, thickness_m: float, color: ArrayLike, material: Material, segments: int = 20
) -> Part:
    """A ring that stands in the x-z plane, such as a bicycle wheel."""
    angle = 2 * np.pi * np.arange(segments) / segments
    tilt = 2 * np.pi * np.arange(6) / 6
    reach = radius_m + thickness_m * np.cos(tilt)
    ring = np.stack(
        [
            np.cos(angle)[:, None] * reach,
            np.broadcast_to(thickness_m * np.sin(tilt), (segments, 6)),
            np.sin(angle)[:, None] * reach,
        ],
        axis=-1,
    )
    row, column = np.meshgrid(np.arange(segments), np.arange(6), indexing="ij")
    a, b = row * 6 + column, row * 6 + (column + 1) % 6
    c, d = (row + 1) % segments * 6 + column, (row + 1) % segments * 6 + (column + 1) % 6
    faces = np.concatenate([np.stack([a, b, d], -1).reshape(-1, 3), np.stack([a, d, c], -1).reshape(-1, 3)])
    return part(ring.reshape(-1, 3) + np.asarray(center_m), faces, color, material)


def blob(
    center_m: ArrayLike, radii_m: ArrayLike, color: ArrayLike, material: Material, rings: int = 6, sides: int = 10
) -> Part:
    """An ellipsoid of latitude rings."""
    latitude = np.linspace(-np.pi / 2 + 0.12, np.pi / 2 - 0.12, rings)
    longitude = 2 * np.pi * np.arange(sides) / sides
    unit = np.stack(
        [
            np.cos(latitude)[:, None] * np.cos(longitude),
            np.cos(latitude)[:, None] * np.sin(longitude),
            np.broadcast_to(np.sin(latitude)[:, None], (rings, sides)),
        ],
        axis=-1,
    )
    return loft(np.asarray(center_m) + unit * np.asarray(radii_m), color, material)


def panels(
    corners_m: ArrayLike,
    across: ArrayLike,
    upward: ArrayLike,
    look: Callable[[int, int], tuple[NDArray[np.float64], Material]],
) -> Part:
    """A quad cut into a grid of panels.

    Args:
        corners_m: [4, 3]: bottom left, bottom right, top right, top left.
        across: Increasing fractions 0..1 of the cuts from left to right.
        upward: The same from bottom to top.
        look: Colour and material of the panel in (column, row).
    """
    bottom_left, bottom_right, top_right, top_left = np.asarray(corners_m, np.float64)
    u, v = np.meshgrid(np.asarray(across, np.float64), np.asarray(upward, np.float64))
    rows, columns = u.shape[0] - 1, u.shape[1] - 1
    u, v = u[..., None], v[..., None]
    grid = (1 - v) * ((1 - u) * bottom_left + u * bottom_right) + v * ((1 - u) * top_left + u * top_right)
    column, row = np.meshgrid(np.arange(columns), np.arange(rows))
    a = (row * (columns + 1) + column).ravel()
    b, c, d = a + 1, a + columns + 2, a + columns + 1
    faces = np.stack([a, b, c, a, c, d], axis=1).reshape(-1, 3)
    looks = [look(i, j) for j in range(rows) for i in range(columns)]
    colors = np.repeat([color for color, _ in looks], 2, axis=0)
    materials = np.repeat([material for _, material in looks], 2).astype(np.uint8)
    return Part(grid.reshape(-1, 3), faces, colors, materials)
