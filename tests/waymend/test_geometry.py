"""Poses compose, invert and project as rigid transforms do."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pyquaternion import Quaternion

from waymend.errors import InvalidField
from waymend.geometry import Pose, project_to_image

components = st.floats(-1, 1, allow_nan=False)
quaternions = st.tuples(components, components, components, components)


def pose_of(raw, translation=(1.0, -2.0, 3.0)):
    norm = np.linalg.norm(raw)
    assume(norm > 1e-2)
    return Pose.from_quaternion(np.asarray(raw) / norm, translation)


@given(quaternions)
def test_rotations_agree_with_the_quaternion_library_of_nuscenes(raw):
    pose = pose_of(raw)
    np.testing.assert_allclose(pose.rotation, Quaternion(*raw).normalised.rotation_matrix, atol=1e-9)


@given(quaternions)
def test_a_rotation_and_its_quaternion_are_one(raw):
    pose = pose_of(raw)
    again = Pose.from_quaternion(pose.quaternion_wxyz, pose.translation_m)
    np.testing.assert_allclose(again.rotation, pose.rotation, atol=1e-9)
    assert pose.quaternion_wxyz[0] >= 0


@given(quaternions, quaternions)
def test_composition_is_matrix_multiplication(first, second):
    a_from_b, b_from_c = pose_of(first), pose_of(second, (0.5, 0.0, -4.0))
    np.testing.assert_allclose((a_from_b @ b_from_c).matrix, a_from_b.matrix @ b_from_c.matrix, atol=1e-9)


@given(quaternions)
def test_the_inverse_undoes_the_pose(raw):
    pose = pose_of(raw)
    np.testing.assert_allclose((pose @ pose.inverse()).matrix, np.eye(4), atol=1e-9)


def test_yaw_turns_to_the_left():
    pose = Pose.from_yaw(np.pi / 2, [10.0, 0.0, 0.0])
    np.testing.assert_allclose(pose.apply(np.array([[1.0, 0.0, 0.0]])), [[10.0, 1.0, 0.0]], atol=1e-12)
    assert pose.yaw_rad == pytest.approx(np.pi / 2)


def test_a_quaternion_that_is_not_of_unit_length_is_refused():
    with pytest.raises(InvalidField, match="rotation: expected a quaternion of unit length"):
        Pose.from_quaternion([1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.0])


@pytest.mark.parametrize("translation", [[np.nan, 0, 0], [0, np.inf, 0]])
def test_a_translation_that_is_not_finite_is_refused(translation):
    with pytest.raises(InvalidField, match="translation_m"):
        Pose.from_quaternion([1.0, 0.0, 0.0, 0.0], translation)


def test_a_quaternion_of_nan_is_refused():
    with pytest.raises(InvalidField, match="rotation"):
        Pose.from_quaternion([np.nan, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0])


def test_a_point_ahead_lands_in_the_middle_of_the_front_camera():
    # Camera axes x right, y down, z forward, 1.5 m above the ground, looking along the ego x axis.
    rotation = np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])
    camera = Pose(rotation, np.array([1.7, 0.0, 1.5]))
    intrinsic = np.array([[1000.0, 0, 800], [0, 1000, 450], [0, 0, 1]])
    pixels, depth_m = project_to_image(np.array([[11.7, 0.0, 1.5], [11.7, 1.0, 0.5]]), intrinsic, camera)
    np.testing.assert_allclose(depth_m, [10.0, 10.0])
    np.testing.assert_allclose(pixels, [[800, 450], [700, 550]])
