"""Keys by other names, keys without effect, and unknown ones."""

import pytest

from tests.training.recipe.recipes import recipe
from waymend.errors import InvalidField


@pytest.mark.parametrize(
    ("older", "value", "current"),
    [
        ("torch_dtype", "bfloat16", "dtype"),
        ("freeze_language_model", True, "freeze_llm"),
    ],
)
def test_an_older_name_is_read_and_noted(older, value, current):
    read = recipe(**{older: value})
    assert getattr(read, current) == value
    assert f"{older} is read as {current}" in read.notes


def test_one_key_by_two_names_is_refused():
    with pytest.raises(InvalidField, match="torch_dtype: expected one key: this is dtype by another name, given both"):
        recipe(dtype="float32", torch_dtype="float32")


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [
        ("learning_rat", "learning_rate"),
        ("bev_loss_weight", "bev_text_loss_weight"),
        ("evaluation_strategi", "evaluation_strategy"),
        ("use_custom_models", "use_custom_model"),
        ("freeze_vision", "freeze_vision_tower"),
    ],
)
def test_an_unknown_key_is_refused_with_the_nearest_name(name, suggestion):
    with pytest.raises(InvalidField) as refused:
        recipe(**{name: 1})
    assert (refused.value.field, refused.value.expected) == (name, f"`{suggestion}`")


def test_an_unknown_key_without_a_near_name_is_refused_with_all_names():
    with pytest.raises(InvalidField, match=r"expected one of adam_beta1, .* weight_decay, given an unknown key"):
        recipe(xyzzy=1)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("use_custom_model", False, "true"),
        ("use_custom_model", "true", "true"),
        ("custom_model_name", "llava", "trajectory_llama"),
        ("custom_model_path", 5, "text"),
        ("custom_trainer_path", None, "text"),
        ("do_train", False, "true"),
        ("use_fast_tokenizer", False, "true"),
    ],
)
def test_a_key_without_effect_is_typed(name, value, expected):
    with pytest.raises(InvalidField, match=f"{name}: expected {expected}"):
        recipe(**{name: value})
