"""Modalities: two names for one switch, and which loss terms need which."""

from typing import Any

from training.recipe.keys.losses import LossKeys
from training.recipe.keys.scene import Modalities, SceneKeys
from waymend.errors import InvalidField

LOSS_MODALITIES: dict[str, tuple[str, ...]] = {
    "lm": (),
    "traj": (),
    "align": ("image",),
    "bev_text": ("bev",),
    "bev_vector": ("bev", "vector"),
}
"""Modalities without which a term is absent."""
CONTRASTIVE = ("align", "bev_text", "bev_vector")

_SWITCHES = {"use_bev_features": "bev", "use_vectorized_inputs": "vector"}


def settle_modalities(keys: SceneKeys) -> dict[str, Any]:
    """The switches as they come to, by key.

    Raises:
        InvalidField: Both names of a switch are given, and say different things.
    """
    enabled = keys.enable_modalities.model_dump()
    for switch, modality in _SWITCHES.items():
        enabled[modality] = _settled(keys, switch, modality)
    settled: dict[str, Any] = {switch: enabled[modality] for switch, modality in _SWITCHES.items()}
    if "modality_dropout" not in keys.model_fields_set and not all(enabled.values()):
        settled["modality_dropout"] = 0.0
    return settled | {"enable_modalities": Modalities(**enabled)}


def _settled(keys: SceneKeys, switch: str, modality: str) -> bool:
    by_switch, by_modality = getattr(keys, switch), getattr(keys.enable_modalities, modality)
    if modality not in keys.enable_modalities.model_fields_set:
        return by_switch
    if switch in keys.model_fields_set and by_switch != by_modality:
        expected = f"{by_switch}, as {switch} says, or {switch}={str(by_modality).lower()}"
        raise InvalidField(f"enable_modalities.{modality}", expected.lower(), str(by_modality).lower())
    return by_modality


def loss_notes(losses: LossKeys, enabled: Modalities, samples_per_step: int) -> list[str]:
    """Which weighted terms will be absent, and why."""
    notes = []
    weighted = [term for term in CONTRASTIVE if getattr(losses, f"{term}_loss_weight") > 0]
    for term in weighted:
        disabled = [modality for modality in LOSS_MODALITIES[term] if not getattr(enabled, modality)]
        if disabled:
            weight = getattr(losses, f"{term}_loss_weight")
            notes.append(f"{term}_loss_weight {weight:g}: {' and '.join(disabled)} disabled, so the term is absent")
    if weighted and samples_per_step < 2:
        names = ", ".join(weighted)
        notes.append(f"{names} compare samples, and a step has one per device: raise gradient_accumulation_steps")
    return notes
