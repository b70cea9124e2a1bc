"""The three grid keys against the perception that is trained."""

import pytest

from tests.training.recipe.recipes import recipe
from waymend.errors import InvalidField

OFFICIAL = {
    "point_cloud_range": [-54.0, -54.0, -5.0, 54.0, 54.0, 3.0],
    "voxel_size": [0.075, 0.075, 0.2],
    "bev_size": [180, 180],
}
TINY = {
    "point_cloud_range": [-51.2, -51.2, -5.0, 51.2, 51.2, 3.0],
    "voxel_size": [0.2, 0.2, 8.0],
    "bev_size": [128, 128],
}


def refusal(**keys) -> InvalidField:
    with pytest.raises(InvalidField) as refused:
        recipe(**keys)
    return refused.value


def test_without_keys_the_grid_is_that_of_the_preset():
    read = recipe(perception="small")
    assert read.point_cloud_range == (-51.2, -51.2, -5.0, 51.2, 51.2, 3.0)
    assert (read.voxel_size, read.bev_size) == ((0.2, 0.2, 8.0), (128, 128))


@pytest.mark.parametrize(("perception", "keys"), [("tiny", TINY), ("bevfusion_voxel0075", OFFICIAL)])
def test_keys_that_describe_the_preset_are_taken(perception, keys):
    assert recipe(perception=perception, **keys).bev_size == tuple(keys["bev_size"])


def test_a_contradiction_is_refused_with_the_arithmetic():
    error = refusal(perception="bevfusion_voxel0075", **{**TINY, "bev_size": [180, 180]})
    assert error.field == "bev_size"
    assert "(51.2 - -51.2) / 0.2 = 512 cells, / 8 = 64" in error.expected
    assert error.given == "180"


def test_a_contradiction_along_y_alone_is_seen():
    wide = [-51.2, -25.6, -5.0, 51.2, 25.6, 3.0]
    error = refusal(point_cloud_range=wide, bev_size=[128, 128])
    assert "(25.6 - -25.6) / 0.2 = 256 cells, / 4 = 64" in error.expected


def test_a_cell_number_alone_is_checked_against_the_preset():
    error = refusal(bev_size=[180, 180])
    assert "(51.2 - -51.2) / 0.2 = 512 cells, / 4 = 128 (the stride 4 is that of perception tiny" in error.expected


def test_a_consistent_grid_of_another_preset_is_refused_and_both_are_named():
    error = refusal(perception="tiny", point_cloud_range=OFFICIAL["point_cloud_range"], voxel_size=[0.075, 0.075, 0.2])
    assert error.field == "point_cloud_range"
    assert "the grid of perception tiny: (51.2 - -51.2) / 0.2 = 512 cells, / 4 = 128" in error.expected
    assert "perception=bevfusion_voxel0075 has the grid that the keys describe" in error.expected
    assert "(54 - -54) / 0.075 = 1440 cells" in error.given


def test_other_heights_are_refused():
    assert refusal(voxel_size=[0.2, 0.2, 4.0]).field == "voxel_size"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("point_cloud_range", [54.0, -54.0, -5.0, -54.0, 54.0, 3.0]),
        ("voxel_size", [0.2, 0.0, 8.0]),
        ("voxel_size", [-0.2, 0.2, 8.0]),
        ("bev_size", [0, 128]),
    ],
)
def test_an_empty_grid_is_refused(name, value):
    assert refusal(**{name: value}).field == name
