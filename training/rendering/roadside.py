"""Buildings, trees and street lamps; built on z = 0."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.rendering.materials import Material, linear_rgb
from training.rendering.mesh import Part, merged
from training.rendering.solids import blob, box, panels, tube

_WINDOWS = [linear_rgb(color) for color in ("#2b3640", "#36434e", "#222b33", "#44525c")]
_LEAVES = [linear_rgb(color) for color in ("#4d6b2b", "#587a33", "#3f5d2a", "#6b8238")]
_BARK = linear_rgb("#4e3f33")
_STEEL = linear_rgb("#5d6468")


@dataclass(frozen=True, slots=True)
class FacadeStyle:
    """How a building's front looks; widths and heights in metres."""

    wall: str
    base: str
    bay_m: float = 2.6
    storey_m: float = 3.2
    window_share: float = 0.5


FACADES = (
    FacadeStyle("#a2614a", "#7d6d62"),
    FacadeStyle("#c6b597", "#8d8375", bay_m=3.0),
    FacadeStyle("#a3a5a3", "#6d7072", bay_m=2.2, window_share=0.62),
    FacadeStyle("#c29570", "#7f7168"),
    FacadeStyle("#d8d3c8", "#7b858c", bay_m=2.8, window_share=0.58),
    FacadeStyle("#80503f", "#6a605a", bay_m=2.4),
    FacadeStyle("#8493a0", "#5d6972", bay_m=1.9, window_share=0.78),
)


def building(width_m: float, depth_m: float, storeys: int, style: FacadeStyle, random: np.random.Generator) -> Part:
    """A block with shops below and windows above: x along the street, its front at y = 0, the rest at y > 0."""
    height = 1.0 + style.storey_m * storeys
    half, wall = width_m / 2, linear_rgb(style.wall)
    corners = [(-half, 0.0), (half, 0.0), (half, depth_m), (-half, depth_m)]
    walls = []
    for (x0, y0), (x1, y1) in zip(corners, [*corners[1:], corners[0]], strict=True):
        quad = [(x0, y0, 0.0), (x1, y1, 0.0), (x1, y1, height), (x0, y0, height)]
        walls.append(_wall(quad, float(np.hypot(x1 - x0, y1 - y0)), height, style, random))
    cornice = box(
        (-half - 0.2, -0.3, height - 0.55), (half + 0.2, depth_m + 0.2, height), wall * 0.85, Material.MASONRY
    )
    ledge = box((-half, -0.15, 3.65), (half, 0.0, 3.95), wall * 1.1, Material.MASONRY)
    return merged([*walls, cornice, ledge, *_shop_front(width_m, random)])


def _wall(
    quad: list[tuple[float, float, float]],
    width_m: float,
    height_m: float,
    style: FacadeStyle,
    random: np.random.Generator,
) -> Part:
    """Ground floor of height 4 m with shop windows, then a row of windows per storey."""
    wall, base = linear_rgb(style.wall), linear_rgb(style.base)
    bays = max(2, round(width_m / style.bay_m))
    margin = (1 - style.window_share) / 2
    across = np.concatenate([[0], *((bay + np.array([margin, 1 - margin])) / bays for bay in range(bays)), [1]])
    floors = max(1, int((height_m - 4.6) / style.storey_m))
    upward = [0.0, 0.5, 3.1, 4.0]
    for floor in range(floors):
        upward += [4.0 + style.storey_m * floor + 0.85, 4.0 + style.storey_m * floor + 2.6]
    upward_share = np.concatenate([np.array(upward), [height_m]]) / height_m
    panes = random.integers(0, len(_WINDOWS), size=(len(across), len(upward_share)))

    def look(column: int, row: int) -> tuple[NDArray[np.float64], Material]:
        glazed = column % 2 == 1 and (row == 1 or (row >= 4 and row % 2 == 0))
        if glazed:
            return _WINDOWS[panes[column, row]], Material.GLASS
        return (base if row < 3 else wall), Material.MASONRY

    return panels(quad, across, upward_share, look)


def _shop_front(width_m: float, random: np.random.Generator) -> list[Part]:
    """Awnings over some of the shop windows."""
    cloths = [linear_rgb(color) for color in ("#7c2b2b", "#27513f", "#2c4468", "#b8873b", "#d8d3c8")]
    pieces = []
    for start in np.arange(-width_m / 2 + 0.8, width_m / 2 - 4.0, 5.0):
        if random.random() < 0.55:
            cloth = cloths[random.integers(len(cloths))]
            low, high = [(start, -1.2, 2.75), (start + 3.8, -1.2, 2.75)], [(start + 3.8, 0.0, 3.4), (start, 0.0, 3.4)]
            stripe = lambda column, row, cloth=cloth: (cloth if column % 2 else cloth * 0.55 + 0.35, Material.CLOTH)  # noqa: E731
            pieces.append(panels([*low, *high], np.linspace(0, 1, 9), (0, 1), stripe))
    return pieces


def tree(height_m: float, random: np.random.Generator, clusters: int = 46) -> Part:
    """A broad-leaved street tree: trunk, three boughs and a crown of leaf clusters."""
    crown_base = height_m * 0.42
    trunk = tube((0, 0, 0), (0, 0, crown_base * 1.15), (0.17, 0.11), _BARK, Material.BARK)
    pieces = [trunk]
    for turn in 2 * np.pi * (np.arange(3) / 3 + random.random()):
        tip = (0.9 * np.cos(turn), 0.9 * np.sin(turn), crown_base * 1.6)
        pieces.append(tube((0, 0, crown_base), tip, (0.09, 0.04), _BARK, Material.BARK, 6))
    for _ in range(clusters):
        direction = random.normal(size=3)
        direction /= np.linalg.norm(direction)
        reach = np.array([1.65, 1.65, height_m * 0.24]) * (0.35 + 0.65 * random.random())
        center = np.array([0, 0, height_m * 0.70]) + direction * reach
        pieces.append(_leaf_cluster(center, 0.42 + 0.30 * random.random(), random))
    return merged(pieces)


def _leaf_cluster(center_m: NDArray[np.float64], radius_m: float, random: np.random.Generator) -> Part:
    """A ragged blob whose faces differ in shade."""
    smooth = blob(
        center_m, np.array([1.0, 1.0, 0.8]) * radius_m, _LEAVES[random.integers(len(_LEAVES))], Material.FOLIAGE, 6, 9
    )
    ragged = smooth.vertices_m + random.normal(scale=0.17 * radius_m, size=smooth.vertices_m.shape)
    shade = 0.65 + 0.7 * random.random((len(smooth.faces), 1))
    return Part(ragged, smooth.faces, smooth.colors * shade, smooth.materials)


def street_lamp(height_m: float = 7.5, reach_m: float = 1.8) -> Part:
    """A lamp post whose arm points along +x."""
    return merged(
        [
            tube((0, 0, 0), (0, 0, height_m), (0.09, 0.055), _STEEL, Material.METAL),
            tube((0, 0, height_m), (reach_m, 0, height_m + 0.25), (0.05, 0.04), _STEEL, Material.METAL, 6),
            box(
                (reach_m - 0.1, -0.12, height_m + 0.18), (reach_m + 0.6, 0.12, height_m + 0.30), _STEEL, Material.METAL
            ),
        ]
    )


def crossing_sign() -> Part:
    """A pedestrian crossing sign on a pole; its face looks along -x."""
    blue, white = linear_rgb("#1c4fa0"), linear_rgb("#f0f0ee")
    return merged(
        [
            tube((0, 0, 0), (0, 0, 2.9), 0.035, _STEEL, Material.METAL, 6),
            box((-0.05, -0.33, 2.2), (-0.03, 0.33, 2.86), blue, Material.RETROREFLECTOR),
            panels([(-0.06, 0.24, 2.28), (-0.06, -0.24, 2.28), (-0.06, 0, 2.78), (-0.06, 0, 2.78)], (0, 1), (0, 1),
                   lambda column, row: (white, Material.RETROREFLECTOR)),
        ]
    )  # fmt: skip
