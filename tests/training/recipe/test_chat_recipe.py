"""The file of the guide's `chat` and `api`."""

import pytest

from tests.training.recipe.recipes import guide_file
from training.recipe.chat_recipe import read_chat_recipe
from training.recipe.shipped import CONFIGS
from waymend.errors import InvalidField


@pytest.mark.parametrize("path", [CONFIGS / "api.yaml", guide_file("api")], ids=["shipped", "guide"])
def test_the_values_of_the_guide(path):
    recipe = read_chat_recipe(path)
    assert recipe.model_name_or_path == "saves/trajectory_llama2-7b/sft"
    assert (recipe.template, recipe.finetuning_type) == ("llama2", "lora")
    assert (recipe.temperature, recipe.top_p, recipe.max_new_tokens) == (0.7, 0.9, 512)


def test_what_the_guide_told_llama_factory_is_noted():
    assert read_chat_recipe(CONFIGS / "api.yaml").notes == ()
    assert "custom_model_name has no effect" in read_chat_recipe(guide_file("api")).notes


def test_overrides():
    recipe = read_chat_recipe(CONFIGS / "api.yaml", ["model_name_or_path=bundles/tiny", "temperature=0"])
    assert (recipe.model_name_or_path, recipe.temperature) == ("bundles/tiny", 0.0)


@pytest.mark.parametrize(
    ("override", "field"),
    [
        ("top_p=0", "top_p"),
        ("temperature=-1", "temperature"),
        ("temperature=2.1", "temperature"),
        ("seed=-1", "seed"),
        ("max_tokens=5", "max_tokens"),
    ],
)
def test_a_wrong_key_is_refused(override, field):
    with pytest.raises(InvalidField) as refused:
        read_chat_recipe(CONFIGS / "api.yaml", [override])
    assert refused.value.field == field
