import pytest

from training.modeling.settings import CorrectorSettings, LoraSettings, lora_targets
from waymend.errors import InvalidField


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"modalities": ("radar",)}, "enable_modalities"),
        ({"losses": ("lm", "box")}, "losses"),
        ({"lora": LoraSettings(targets=("lm_head",))}, "lora_target"),
    ],
)
def test_unknown_names_are_refused(settings, field):
    with pytest.raises(InvalidField, match=f"{field}: expected names among"):
        CorrectorSettings(**settings)


def test_all_targets_are_the_llamas_seven_linears():
    assert lora_targets("all") == (
        "down_proj", "gate_proj", "k_proj", "o_proj", "q_proj", "up_proj", "v_proj",
    )  # fmt: skip
    assert lora_targets("v_proj, q_proj") == ("q_proj", "v_proj")
