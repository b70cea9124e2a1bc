"""A scene embedding, made ready once for all the corrections that will use it."""

import time
import uuid
from dataclasses import dataclass

import torch

from llm_service.verifier import PreparedScene
from perception_service.client import Embedding
from waymend.bundle import Contract


class ForeignContract(Exception):
    """An embedding was made under another contract than this service's bundle."""

    def __init__(self, expected: str, given: str) -> None:
        super().__init__(f"embedding.contract_id: expected {expected}, given {given}")
        self.expected = expected
        self.given = given


@dataclass(frozen=True, slots=True, eq=False)
class ReceivedScene:
    """What a correction needs to know of one frame.

    Attributes:
        tokens: float16 [N, width] per modality.
        prepared: Agents and drivable area, indexed for the verifier.
        uuid: Names this embedding in the engine's prefix cache; made here, never by a client.
        made_s: When perception made it, on the monotonic clock of this process, less its way here.
    """

    embedding: Embedding
    tokens: dict[str, torch.Tensor]
    prepared: PreparedScene
    uuid: str
    made_s: float

    @property
    def age_ms(self) -> float:
        """Milliseconds since perception made it, less its way here."""
        return (time.monotonic() - self.made_s) * 1e3


def receive_scene(embedding: Embedding, contract: Contract) -> ReceivedScene:
    """Prepares an embedding, whose token sets the client has checked.

    Raises:
        ForeignContract: It was made under another contract.
        InvalidField: Its drivable areas are none.
    """
    if embedding.contract_id != contract.contract_id:
        raise ForeignContract(contract.contract_id, embedding.contract_id)
    arrays = {"image": embedding.image_tokens, "bev": embedding.bev_tokens, "vector": embedding.vector_tokens}
    return ReceivedScene(
        embedding=embedding,
        tokens={name: torch.from_numpy(array.copy()) for name, array in arrays.items() if len(array)},
        prepared=PreparedScene.of(embedding.agents, embedding.drivable_areas),
        uuid=uuid.uuid4().hex,
        made_s=time.monotonic() - embedding.age_ms / 1e3,
    )
