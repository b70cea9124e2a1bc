"""Statistics of the samples agree with the drives that they come from."""

import numpy as np
import pytest

from tests.training.data.samples import street_data_set as street
from tests.training.data.straight_drive import SPEED_MPS
from training.data.samples.statistics import dataset_statistics
from waymend import ego_vehicle
from waymend.errors import InvalidField

FRAMES = 5 * street.KEYFRAMES


@pytest.fixture(scope="module")
def statistics(built):
    return dataset_statistics(built.directory)


def test_counts_are_those_of_the_build(statistics, built):
    assert statistics.keyframes_by_split == {
        split: count for split, count in sorted(built.summary.keyframes.items()) if count
    }
    assert statistics.keyframes_by_command == {"straight": FRAMES}
    assert statistics.proposals_by_kind == built.summary.proposal_kinds
    assert statistics.static_keyframes == street.KEYFRAMES
    assert sum(statistics.keyframes_by_location.values()) == FRAMES
    assert statistics.keyframes_by_location["singapore-onenorth"] == street.KEYFRAMES


def test_distributions_are_of_the_drives(statistics):
    assert len(statistics.speed_mps) == len(statistics.acceleration_mps2) == len(statistics.agents) == FRAMES
    assert np.count_nonzero(np.isclose(statistics.speed_mps, SPEED_MPS, atol=0.01)) >= 3 * street.KEYFRAMES
    assert np.count_nonzero(np.isclose(statistics.speed_mps, 0.0, atol=0.01)) == street.KEYFRAMES
    assert statistics.acceleration_mps2.min() == pytest.approx(-street.BRAKING_MPS2, abs=0.5)
    np.testing.assert_allclose(statistics.curvature_1pm, 0.0, atol=1e-4)
    assert (statistics.agents == 0).sum() == street.KEYFRAMES
    assert (statistics.agents == 1).sum() == street.KEYFRAMES


def test_the_gap_is_from_bumper_to_bumper(statistics):
    """Of scene-0003's first key frame, at 1 s, and of the lead that keeps its distance in the others."""
    expected = street.STANDING_X_M - SPEED_MPS - ego_vehicle.REAR_AXLE_TO_FRONT_M - 4.6 / 2
    assert np.isclose(statistics.lead_gap_m, expected, atol=0.05).any()
    following = 22.0 - ego_vehicle.REAR_AXLE_TO_FRONT_M - 4.6 / 2
    assert np.isclose(statistics.lead_gap_m, following, atol=0.05).sum() >= 2 * street.KEYFRAMES


def test_a_folder_without_samples_is_refused(tmp_path):
    with pytest.raises(InvalidField, match="correction samples"):
        dataset_statistics(tmp_path)
