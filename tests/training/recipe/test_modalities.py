"""Switches of the modalities, and the loss terms that go with them."""

import pytest

from tests.training.recipe.recipes import recipe
from waymend.errors import InvalidField


@pytest.mark.parametrize(
    ("keys", "enabled"),
    [
        ({}, (True, True, True)),
        ({"use_bev_features": False}, (True, False, True)),
        ({"use_vectorized_inputs": False}, (True, True, False)),
        ({"enable_modalities": {"image": False}}, (False, True, True)),
        ({"enable_modalities": {"bev": False}}, (True, False, True)),
        ({"enable_modalities": {"image": False}, "use_bev_features": False}, (False, False, True)),
        ({"enable_modalities": {"vector": False}, "use_vectorized_inputs": False}, (True, True, False)),
    ],
)
def test_both_names_of_a_switch_work_and_agree_afterwards(keys, enabled):
    read = recipe(**keys)
    settled = read.enable_modalities
    assert (settled.image, settled.bev, settled.vector) == enabled
    assert (read.use_bev_features, read.use_vectorized_inputs) == enabled[1:]


@pytest.mark.parametrize(
    ("switch", "modality"),
    [("use_bev_features", "bev"), ("use_vectorized_inputs", "vector")],
)
@pytest.mark.parametrize("value", [True, False])
def test_a_contradiction_is_refused(switch, modality, value):
    with pytest.raises(InvalidField) as refused:
        recipe(**{switch: value, "enable_modalities": {modality: not value}})
    said, wanted = str(value).lower(), str(not value).lower()
    assert refused.value.field == f"enable_modalities.{modality}"
    assert refused.value.expected == f"{said}, as {switch} says, or {switch}={wanted}"
    assert refused.value.given == wanted


def test_no_modality_is_dropped_at_random_where_one_is_disabled():
    assert recipe(enable_modalities={"image": False}).modality_dropout == 0.0
    assert recipe(enable_modalities={"image": False}, modality_dropout=0.2).modality_dropout == 0.2


def test_terms_without_their_modalities_are_absent_and_noted():
    read = recipe(
        enable_modalities={"vector": False, "image": False}, align_loss_weight=0.3, bev_vector_loss_weight=0.2
    )
    assert read.modalities == ("bev",)
    assert read.loss_weights == {"lm": 1.0, "traj": 1.0, "bev_text": 0.2}
    assert "align_loss_weight 0.3: image disabled, so the term is absent" in read.notes
    assert "bev_vector_loss_weight 0.2: vector disabled, so the term is absent" in read.notes


def test_a_term_of_no_weight_is_absent_without_a_note():
    read = recipe(enable_modalities={"image": False}, align_loss_weight=0.0)
    assert "align" not in read.loss_weights
    assert not any("align" in note for note in read.notes)


def test_one_sample_per_step_has_nothing_to_compare():
    note = (
        "align, bev_text, bev_vector compare samples, and a step has one per device: raise gradient_accumulation_steps"
    )
    assert note in recipe().notes
    assert not any("compare" in given for given in recipe(gradient_accumulation_steps=2).notes)
