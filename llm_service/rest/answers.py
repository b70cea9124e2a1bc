"""What clients receive."""

from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel

from llm_service.correction.received_scene import ReceivedScene
from llm_service.engine import ExplanationPiece
from llm_service.verifier import Report
from waymend.bundle import Manifest


class Check(BaseModel):
    """One check of the verifier; `value` and `limit` in `unit`, the worst value at `time_s`."""

    name: str
    status: Literal["passed", "failed", "not_checked"]
    value: float | None
    limit: float | None
    unit: str
    time_s: float | None
    subject: str | None
    message: str


class Judgement(BaseModel):
    """The verifier's report on one trajectory; `safe` where no check failed."""

    safe: bool
    checks: list[Check]

    @classmethod
    def of(cls, report: Report) -> "Judgement":
        return cls(
            safe=report.safe, checks=[Check.model_validate(check, from_attributes=True) for check in report.checks]
        )


class Judgements(BaseModel):
    """Reports on what came in and on what the model made of it."""

    proposal: Judgement
    correction: Judgement


class Explanation(BaseModel):
    """Why, in a sentence or a few.

    `text` is held to what was measured: the model's choice of what to say and of words, the verifier's numbers. `draft`
    is what the model wrote. `finish` says whether that ended by itself, at its length limit or at the deadline.
    """

    text: str
    draft: str
    finish: Literal["stop", "length", "deadline"]

    @classmethod
    def of(cls, pieces: Sequence[ExplanationPiece]) -> "Explanation":
        finish = next((piece.finish for piece in reversed(pieces) if piece.finish), "stop")
        text, draft = "".join(piece.text for piece in pieces), "".join(piece.draft for piece in pieces)
        return cls(text=text.strip(), draft=draft.strip(), finish=finish)


class Model(BaseModel):
    """What answered. `trained: false` means random weights: the answer shows the machinery and nothing else."""

    name: str
    version: str
    trained: bool
    contract_id: str

    @classmethod
    def of(cls, manifest: Manifest) -> "Model":
        return cls(
            name=manifest.name,
            version=manifest.version,
            trained=manifest.trained,
            contract_id=manifest.contract_id,
        )


class SceneUsed(BaseModel):
    """Which frame the answer is about, and where its agents come from."""

    frame_id: str
    timestamp_us: int
    agent_source: Literal["given", "detected"]
    agents: int
    embedding_age_ms: float

    @classmethod
    def of(cls, scene: ReceivedScene) -> "SceneUsed":
        embedding = scene.embedding
        return cls(
            frame_id=embedding.frame_id,
            timestamp_us=embedding.timestamp_us,
            agent_source="given" if embedding.agents_given else "detected",
            agents=len(embedding.agents),
            embedding_age_ms=scene.age_ms,
        )


class Timing(BaseModel):
    """Milliseconds by stage; perception and wire are 0 where the embedding was at hand."""

    perception: float
    wire: float
    prompt: float
    prefill: float
    verifier: float
    explanation: float = 0.0
    total: float


class CorrectionAnswer(BaseModel):
    """The corrected trajectory and all that speaks for or against it.

    `findings` is measured: the change at the last waypoint, the failed checks that it mends, those that are left. The
    explanation is what the language model makes of them and of the scene.
    """

    id: str
    waypoints_ego_m: list[list[float]]
    step_s: float
    scale_m: list[float]
    status: Literal["corrected", "kept_proposal"]
    share: float
    reason: str
    findings: str
    checks: Judgements
    explanation: Explanation | None = None
    scene: SceneUsed
    model: Model
    timing_ms: Timing


class SessionAnswer(BaseModel):
    """State of a session."""

    id: str
    state: Literal["waiting", "following", "reconnecting", "refused"]
    newest: SceneUsed | None
    frames: int
    corrections: int
    expires_in_s: float


class FrameAccepted(BaseModel):
    """A frame of a session was encoded."""

    session_id: str
    frame_id: str
    timestamp_us: int
    timing_ms: dict[str, float]


class TokenSet(BaseModel):
    """One token set of the contract."""

    tokens: int
    width: int


class ModelCard(Model):
    """The bundle that is served; `manifest_sha256` tells it from every other."""

    manifest_sha256: str
    base_model: str
    waypoints: int
    step_s: float
    ego_frame: str
    modalities: dict[str, TokenSet]


class ModelList(BaseModel):
    """All bundles that are served: one."""

    models: list[ModelCard]


class Readiness(BaseModel):
    """Whether corrections can be made, part by part."""

    ready: bool
    engine: bool
    perception: bool
    contract: bool
    detail: str = ""
