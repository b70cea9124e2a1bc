"""Rigid transforms and pinhole projection, in numpy.

A pose is named `target_from_source`; `a_from_b @ b_from_c` is `a_from_c`.
"""

from dataclasses import dataclass
from typing import Self, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from waymend.errors import InvalidField

_QUATERNION_NORM_TOLERANCE = 1e-3
AngleT = TypeVar("AngleT", float, NDArray[np.float64])


@dataclass(frozen=True, slots=True)
class Pose:
    """A rigid transform: `x_target = rotation @ x_source + translation_m`.

    Attributes:
        rotation: float64 [3, 3], orthonormal, determinant +1.
        translation_m: float64 [3], metres, in the target frame.
    """

    rotation: NDArray[np.float64]
    translation_m: NDArray[np.float64]

    @classmethod
    def identity(cls) -> Self:
        return cls(np.eye(3), np.zeros(3))

    @classmethod
    def from_quaternion(cls, wxyz: ArrayLike, translation_m: ArrayLike) -> Self:
        """From a quaternion, scalar first, of unit length within 0.1 %.

        Raises:
            InvalidField: `rotation` is not finite or not of unit length, or `translation_m` is not finite.
        """
        quaternion = np.asarray(wxyz, np.float64)
        translation = np.asarray(translation_m, np.float64)
        if not np.isfinite(translation).all():
            raise InvalidField("translation_m", "three finite numbers", translation.tolist())
        norm = float(np.linalg.norm(quaternion))
        if not abs(norm - 1.0) <= _QUATERNION_NORM_TOLERANCE:
            raise InvalidField("rotation", "a quaternion of unit length", quaternion.tolist())
        return cls(_rotation_from_unit_quaternion(quaternion / norm), translation)

    @classmethod
    def from_matrix(cls, matrix: ArrayLike) -> Self:
        """From a homogeneous [4, 4] matrix."""
        homogeneous = np.asarray(matrix, np.float64)
        return cls(homogeneous[:3, :3].copy(), homogeneous[:3, 3].copy())

    @classmethod
    def from_yaw(cls, yaw_rad: float, translation_m: ArrayLike) -> Self:
        """A turn about z by `yaw_rad`, counter-clockwise, then a shift."""
        cos, sin = np.cos(yaw_rad), np.sin(yaw_rad)
        rotation = np.array([[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]])
        return cls(rotation, np.asarray(translation_m, np.float64))

    def __matmul__(self, other: "Pose") -> "Pose":
        return Pose(self.rotation @ other.rotation, self.rotation @ other.translation_m + self.translation_m)

    def inverse(self) -> "Pose":
        return Pose(self.rotation.T, -self.rotation.T @ self.translation_m)

    def apply(self, points_m: NDArray[np.floating]) -> NDArray[np.float64]:
        """Points [..., 3] of the source frame, in the target frame."""
        return np.asarray(points_m, np.float64) @ self.rotation.T + self.translation_m

    @property
    def matrix(self) -> NDArray[np.float64]:
        """The homogeneous [4, 4] matrix."""
        matrix = np.eye(4)
        matrix[:3, :3] = self.rotation
        matrix[:3, 3] = self.translation_m
        return matrix

    @property
    def yaw_rad(self) -> float:
        """Direction of the source frame's x axis in the target frame's x-y plane, radians."""
        return float(np.arctan2(self.rotation[1, 0], self.rotation[0, 0]))

    @property
    def quaternion_wxyz(self) -> NDArray[np.float64]:
        """The rotation as a unit quaternion [4], scalar first and not negative."""
        return _unit_quaternion_from_rotation(self.rotation)


def wrapped(angle_rad: AngleT) -> AngleT:
    """The same direction within -pi and pi."""
    return (angle_rad + np.pi) % (2 * np.pi) - np.pi  # ty: ignore[invalid-explicit-return]


def project_to_image(
    points_ego_m: NDArray[np.floating], intrinsic: NDArray[np.floating], ego_from_camera: Pose
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Projects ego-frame points [N, 3] with a pinhole camera.

    Returns:
        Pixels [N, 2] (u right, v down) and depths [N] in metres. Pixels of points at depth <= 0 are meaningless.
    """
    points_camera = ego_from_camera.inverse().apply(points_ego_m)
    depth_m = points_camera[:, 2]
    homogeneous = points_camera @ np.asarray(intrinsic, np.float64).T
    safe_depth = np.where(np.abs(depth_m) > 1e-9, depth_m, 1e-9)
    return homogeneous[:, :2] / safe_depth[:, None], depth_m


def _rotation_from_unit_quaternion(wxyz: NDArray[np.float64]) -> NDArray[np.float64]:
    w, x, y, z = wxyz
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )


def _unit_quaternion_from_rotation(rotation: NDArray[np.float64]) -> NDArray[np.float64]:
    """Largest eigenvector of Bar-Itzhack's matrix (J. Guidance 23(6), 2000); stable for every rotation."""
    (xx, xy, xz), (yx, yy, yz), (zx, zy, zz) = rotation
    symmetric = np.array(
        [
            [xx + yy + zz, zy - yz, xz - zx, yx - xy],
            [zy - yz, xx - yy - zz, xy + yx, xz + zx],
            [xz - zx, xy + yx, yy - xx - zz, yz + zy],
            [yx - xy, xz + zx, yz + zy, zz - xx - yy],
        ]
    )
    quaternion = np.linalg.eigh(symmetric)[1][:, -1]
    return quaternion if quaternion[0] >= 0 else -quaternion
