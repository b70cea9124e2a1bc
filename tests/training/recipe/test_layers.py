"""Files on files, and overrides on top."""

import pytest

from tests.training.recipe.recipes import written
from training.recipe.reading import read_recipe
from waymend.errors import InvalidField


def test_a_file_changes_the_keys_of_its_base(tmp_path):
    written(tmp_path, "seed: 1\nenable_modalities: {image: true, bev: false}\nvoxel_size: [0.2, 0.2, 8]\n", "base.yaml")
    (tmp_path / "top.yaml").write_text("base: base.yaml\nseed: 2\nenable_modalities: {image: false}\n")
    recipe = read_recipe(tmp_path / "top.yaml")
    assert recipe.seed == 2
    assert recipe.enable_modalities.model_dump() == {"image": False, "bev": False, "vector": True}
    assert recipe.model_name_or_path == "builtin:tiny"


def test_a_base_has_a_base(tmp_path):
    written(tmp_path, "seed: 1\nlogging_steps: 1\nsave_steps: 1\n", "bottom.yaml")
    (tmp_path / "middle.yaml").write_text("base: bottom.yaml\nlogging_steps: 2\nsave_steps: 2\n")
    (tmp_path / "top.yaml").write_text("base: middle.yaml\nsave_steps: 3\n")
    recipe = read_recipe(tmp_path / "top.yaml")
    assert (recipe.seed, recipe.logging_steps, recipe.save_steps) == (1, 2, 3)


def test_an_older_name_changes_the_key_of_a_base(tmp_path):
    written(tmp_path, "eval_strategy: epoch\nval_size: 0.1\n", "base.yaml")
    (tmp_path / "top.yaml").write_text("base: base.yaml\nevaluation_strategy: steps\n")
    assert read_recipe(tmp_path / "top.yaml").eval_strategy == "steps"


@pytest.mark.parametrize(
    ("override", "key", "value"),
    [
        ("max_steps=5", "max_steps", 5),
        ("learning_rate=1e-4", "learning_rate", 1e-4),
        ("num_train_epochs=2", "num_train_epochs", 2.0),
        ("plot_loss=true", "plot_loss", True),
        ("run_name=a=b", "run_name", "a=b"),
        ("run_name='5'", "run_name", "5"),
        ("vision_tower=null", "vision_tower", None),
        ("vision_tower=", "vision_tower", None),
        ("save_strategy=no", "save_strategy", "no"),
        ("report_to=[tensorboard, wandb]", "report_to", ("tensorboard", "wandb")),
        ("report_to=none", "report_to", ()),
        ("torch_dtype=bfloat16", "dtype", "bfloat16"),
        ("lora_target=v_proj,q_proj", "lora_target", ("q_proj", "v_proj")),
        ("lora_target=[o_proj]", "lora_target", ("o_proj",)),
    ],
)
def test_an_override_is_yaml(tmp_path, override, key, value):
    given = getattr(read_recipe(written(tmp_path, ""), [override]), key)
    assert given == value
    assert type(given) is type(value)


def test_the_later_override_wins_over_the_earlier_and_over_the_file(tmp_path):
    assert read_recipe(written(tmp_path, "seed: 1\n"), ["seed=2", "seed=3"]).seed == 3


def test_a_dotted_override_reaches_into_a_mapping(tmp_path):
    path = written(tmp_path, "enable_modalities: {vector: false}\n")
    overrides = ["enable_modalities.image=false", "lr_scheduler_kwargs.min_lr=1e-6"]
    recipe = read_recipe(path, overrides)
    assert recipe.enable_modalities.model_dump() == {"image": False, "bev": True, "vector": False}
    assert recipe.lr_scheduler_kwargs == {"min_lr": 1e-6}


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("seed", "override: expected key=value, given seed"),
        ("=5", "override: expected key=value, given =5"),
        ("enable_modalities.=5", "override: expected key=value"),
        ("seed=[1", "seed: expected a value in YAML, given \\[1"),
        ("lerning_rate=1", "lerning_rate: expected `learning_rate`, given an unknown key"),
        ("seed.x=1", "seed: expected a valid integer, given {'x': 1}"),
        ("enable_modalities.lidar=true", "enable_modalities.lidar: expected one of bev, image, vector, given an un"),
        ("enable_modalities.images=true", "enable_modalities.images: expected `image`, given an unknown key"),
    ],
)
def test_a_wrong_override_is_refused(tmp_path, override, message):
    with pytest.raises(InvalidField, match=message):
        read_recipe(written(tmp_path, ""), [override])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("seed: [1\n", "expected a YAML file of keys and values"),
        ("seed: 1\nseed: 2\n", "seed occurs twice"),
        ("base: recipe.yaml\n", "base: expected files that end somewhere"),
        ("base: absent.yaml\n", "absent.yaml: expected a YAML file of keys and values"),
        ("base: [sft.yaml]\n", "base: expected the name of a YAML file"),
    ],
    ids=["broken", "a key twice", "its own base", "an absent base", "several bases"],
)
def test_a_wrong_file_is_refused(tmp_path, text, message):
    with pytest.raises(InvalidField, match=message):
        read_recipe(written(tmp_path, text))


def test_a_file_without_keys_is_refused(tmp_path):
    (tmp_path / "recipe.yaml").write_text("- a\n- list\n")
    with pytest.raises(InvalidField, match=r"recipe\.yaml: expected a YAML file of keys and values"):
        read_recipe(tmp_path / "recipe.yaml")
