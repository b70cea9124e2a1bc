"""Overlap of rotated boxes, seen from above and in space."""

import torch
from torch import Tensor

_TOLERANCE = 1e-6
"""How far outside a box a point still counts as inside, metres."""


def rotated_overlap(first: Tensor, second: Tensor) -> Tensor:
    """Area of the intersection of every pair of rectangles, float [N, M].

    The intersection of two convex polygons is spanned by the corners of each that lie in the other and by the crossings
    of their edges; sorted by angle around their mean they give the area by the shoelace formula.

    Args:
        first: [N, 5]: x, y of the centre, length, width (m), yaw (rad, counter-clockwise).
        second: [M, 5].
    """
    rows, columns = len(first), len(second)
    if rows == 0 or columns == 0:
        return first.new_zeros(rows, columns)
    # Around the first box's own centre coordinates are small, and so are rounding errors.
    shifted = second.expand(rows, -1, -1).clone()
    shifted[..., :2] -= first[:, None, :2]
    centred = torch.cat((torch.zeros_like(first[:, :2]), first[:, 2:]), 1)
    a, b = centred.repeat_interleave(columns, 0), shifted.flatten(0, 1)
    corners_a, corners_b = _corners(a), _corners(b)
    crossings, crossed = _edge_crossings(corners_a, corners_b)
    points = torch.cat((corners_a, corners_b, crossings), 1)
    valid = torch.cat((_inside(corners_a, b), _inside(corners_b, a), crossed), 1)
    return _convex_area(points, valid).view(rows, columns)


def rotated_iou(first: Tensor, second: Tensor) -> Tensor:
    """Intersection over union of every pair of rectangles [N, 5] and [M, 5], as in `rotated_overlap`; [N, M], 0..1."""
    overlap = rotated_overlap(first, second)
    union = (first[:, 2] * first[:, 3])[:, None] + second[:, 2] * second[:, 3] - overlap
    return (overlap / union.clamp(min=1e-9)).clamp(0.0, 1.0)


def boxes_iou_3d(first_lidar: Tensor, second_lidar: Tensor) -> Tensor:
    """Intersection over union of every pair of upright boxes, float [N, M], 0..1.

    Args:
        first_lidar: [N, 7 or more]: x, y, z of the BOTTOM centre, length, width, height (m), yaw (rad).
        second_lidar: [M, 7 or more].
    """
    seen_from_above = [0, 1, 3, 4, 6]
    overlap = rotated_overlap(first_lidar[:, seen_from_above], second_lidar[:, seen_from_above])
    bottom = torch.maximum(first_lidar[:, None, 2], second_lidar[:, 2])
    top = torch.minimum((first_lidar[:, 2] + first_lidar[:, 5])[:, None], second_lidar[:, 2] + second_lidar[:, 5])
    shared = overlap * (top - bottom).clamp(min=0.0)
    union = first_lidar[:, 3:6].prod(1)[:, None] + second_lidar[:, 3:6].prod(1) - shared
    return (shared / union.clamp(min=1e-9)).clamp(0.0, 1.0)


def _corners(boxes: Tensor) -> Tensor:
    """[P, 4, 2], counter-clockwise."""
    signs = boxes.new_tensor([[0.5, 0.5], [-0.5, 0.5], [-0.5, -0.5], [0.5, -0.5]])
    local = signs * boxes[:, None, 2:4]
    cos, sin = boxes[:, 4:5].cos(), boxes[:, 4:5].sin()
    x = local[..., 0] * cos - local[..., 1] * sin
    y = local[..., 0] * sin + local[..., 1] * cos
    return torch.stack((x, y), -1) + boxes[:, None, :2]


def _inside(points: Tensor, boxes: Tensor) -> Tensor:
    """Whether points [P, 4, 2] lie in the box of their row, bool [P, 4]."""
    offset = points - boxes[:, None, :2]
    cos, sin = boxes[:, 4:5].cos(), boxes[:, 4:5].sin()
    along = offset[..., 0] * cos + offset[..., 1] * sin
    across = offset[..., 1] * cos - offset[..., 0] * sin
    half = boxes[:, None, 2:4] / 2 + _TOLERANCE
    return (along.abs() <= half[..., 0]) & (across.abs() <= half[..., 1])


def _edge_crossings(first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
    """Crossings [P, 16, 2] of the edges of two polygons [P, 4, 2], and which of them exist, bool [P, 16]."""
    edges_a, edges_b = first.roll(-1, 1) - first, second.roll(-1, 1) - second
    start = second[:, None] - first[:, :, None]
    determinant = _cross(edges_a[:, :, None], edges_b[:, None])
    parallel = determinant.abs() < 1e-9
    divisor = torch.where(parallel, torch.ones_like(determinant), determinant)
    along_a = _cross(start, edges_b[:, None]) / divisor
    along_b = _cross(start, edges_a[:, :, None]) / divisor
    exists = ~parallel & (along_a >= 0) & (along_a <= 1) & (along_b >= 0) & (along_b <= 1)
    points = first[:, :, None] + along_a[..., None] * edges_a[:, :, None]
    return points.flatten(1, 2), exists.flatten(1)


def _convex_area(points: Tensor, valid: Tensor) -> Tensor:
    """Area [P] of the convex polygon that the valid ones of the points [P, K, 2] span."""
    count = valid.sum(1)
    mean = (points * valid[..., None]).sum(1) / count.clamp(min=1)[:, None]
    offset = (points - mean[:, None]) * valid[..., None]
    angle = torch.atan2(offset[..., 1], offset[..., 0]).masked_fill(~valid, torch.inf)
    order = angle.argsort(1)
    ring = torch.take_along_dim(offset, order[..., None], 1)
    # What is not valid comes last; standing on the first point it closes the ring and adds no area.
    ring = torch.where(torch.take_along_dim(valid, order, 1)[..., None], ring, ring[:, :1])
    area = _cross(ring, ring.roll(-1, 1)).sum(1).abs() / 2
    return torch.where(count > 2, area, torch.zeros_like(area))


def _cross(a: Tensor, b: Tensor) -> Tensor:
    return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
