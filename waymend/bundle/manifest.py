"""`manifest.json`."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from waymend.bundle.contract import Contract, encoder_revision

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
BundlePath = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-][A-Za-z0-9_.-]*(/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*$")]


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class BaseModelReference(_Frozen):
    """The language model that the LLM half was made from."""

    name: str
    revision: str | None = None


class FileEntry(_Frozen):
    """Digest and size of one file."""

    sha256: Sha256
    bytes: Annotated[int, Field(ge=0)]


class Manifest(_Frozen):
    """What a bundle holds. `trained` is false for random weights, whose answers mean nothing."""

    schema_version: Literal[1] = 1
    name: str
    version: str
    trained: bool
    base_model: BaseModelReference
    contract: Contract
    contract_id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    files: dict[BundlePath, FileEntry]

    @model_validator(mode="after")
    def _contract_belongs_to_the_files(self) -> Self:
        revision = encoder_revision({path: entry.sha256 for path, entry in self.files.items()})
        if revision != self.contract.encoder_revision:
            raise ValueError(f"encoder_revision should be {revision} for the listed perception files")
        if self.contract.contract_id != self.contract_id:
            raise ValueError(f"contract_id should be {self.contract.contract_id} for this contract")
        return self
