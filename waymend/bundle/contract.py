"""What the two halves of a bundle must agree on."""

import hashlib
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from waymend.trajectory import MOST_WAYPOINTS, Horizon
from waymend.vocabulary import MODALITIES


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class ModalityContract(_Frozen):
    """One token set: at most `tokens` tokens of `width` numbers."""

    tokens: Annotated[int, Field(gt=0, le=4096)]
    width: Annotated[int, Field(gt=0, le=16384)]


class HorizonContract(_Frozen):
    """`waypoints` of them, `step_s` seconds apart."""

    waypoints: Annotated[int, Field(gt=0, le=MOST_WAYPOINTS)] = 6
    step_s: Annotated[float, Field(gt=0, le=10)] = 0.5


class Contract(_Frozen):
    """Changes in any of these make embeddings of one half meaningless to the other.

    Attributes:
        modalities: Those that the language model was trained with, in the order of `waymend.vocabulary.MODALITIES`.
        encoder_revision: Digest of perception's configuration and weights.
    """

    modalities: dict[str, ModalityContract]
    horizon: HorizonContract = HorizonContract()
    ego_frame: Literal["rear_axle_ground_x_forward_y_left_z_up"] = "rear_axle_ground_x_forward_y_left_z_up"
    wire_dtype: Literal["float16"] = "float16"
    encoder_revision: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]

    @field_validator("modalities")
    @classmethod
    def _known_modalities(cls, modalities: dict[str, ModalityContract]) -> dict[str, ModalityContract]:
        if list(modalities) != [name for name in MODALITIES if name in modalities]:
            raise ValueError(f"modalities should be some of {', '.join(MODALITIES)}, not {', '.join(modalities)}")
        return modalities

    @property
    def contract_id(self) -> str:
        """The first 32 hexadecimal digits of SHA-256 over the contract's JSON."""
        canonical = self.model_dump_json()
        return hashlib.sha256(canonical.encode()).hexdigest()[:32]

    @property
    def trajectory_horizon(self) -> Horizon:
        return Horizon(self.horizon.waypoints, self.horizon.step_s)


def encoder_revision(digests: Mapping[str, str]) -> str:
    """SHA-256 over the paths and digests of perception's files, given those of all files of a bundle."""
    lines = (f"{path} {digest}\n" for path, digest in sorted(digests.items()) if path.startswith("perception/"))
    return hashlib.sha256("".join(lines).encode()).hexdigest()
