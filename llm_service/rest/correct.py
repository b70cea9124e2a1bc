"""`POST /v1/trajectories/correct`."""

import json
import time
import uuid
from collections.abc import AsyncGenerator
from dataclasses import dataclass

import numpy as np
from fastapi import APIRouter, Request, Response
from numpy.typing import NDArray
from sse_starlette import EventSourceResponse, ServerSentEvent

from llm_service.correction.corrector import Correction, CorrectionTask
from llm_service.correction.explanation import explain_until
from llm_service.correction.scene_sources import ObtainedScene, from_session
from llm_service.deadline import Deadline
from llm_service.engine import ExplanationPiece
from llm_service.metrics import count_correction
from llm_service.rest.answers import CorrectionAnswer, Explanation, Judgement, Judgements, Model, SceneUsed, Timing
from llm_service.rest.openapi import CORRECTION_BODY, PROBLEM_RESPONSES
from llm_service.rest.presence import while_connected
from llm_service.rest.problems import problem_from
from llm_service.rest.reading import read_correction
from llm_service.rest.requests import CorrectionRequest, ServerFrameScene, SessionScene
from llm_service.service import LlmService
from waymend.errors import InvalidField
from waymend.perception.v1 import frame_pb2
from waymend.trajectory import EgoState, checked_trajectory

router = APIRouter(tags=["trajectories"])
_STEP_TOLERANCE_S = 1e-6


@dataclass(frozen=True, slots=True)
class _Made:
    """A correction on its way to the client."""

    id: str
    correction: Correction
    obtained: ObtainedScene
    started_s: float
    deadline: Deadline


@router.post(
    "/v1/trajectories/correct",
    response_model=CorrectionAnswer,
    responses=PROBLEM_RESPONSES,
    openapi_extra=CORRECTION_BODY,
)
async def correct(request: Request) -> Response:
    """Corrects one trajectory; with `Accept: text/event-stream` the trajectory comes first and the explanation in
    pieces after it.
    """
    service: LlmService = request.app.state.service
    started_s = time.perf_counter()
    wanted, frame = await read_correction(request)
    deadline = _deadline(wanted, service)
    with service.gate.enter():
        made = await while_connected(request, _make(service, wanted, frame, deadline, started_s))
        if "text/event-stream" in request.headers.get("accept", ""):
            return EventSourceResponse(_events(service, made, wanted.explain))
        if not wanted.explain:
            return _json(_answer(service, made, None, 0.0))
        explaining_s = time.perf_counter()
        explanation = await while_connected(request, _explain(service, made))
        return _json(_answer(service, made, explanation, _since_ms(explaining_s)))


async def _make(
    service: LlmService,
    wanted: CorrectionRequest,
    frame: frame_pb2.SensorFrame | None,
    deadline: Deadline,
    started_s: float,
) -> _Made:
    proposal = _checked_proposal(wanted, service)
    async with deadline.timeout():
        obtained = await _obtain(service, wanted, frame, deadline)
        task = CorrectionTask(proposal, _ego_state(wanted, obtained), wanted.command, wanted.instruction)
        correction = await service.corrector.correct(obtained.scene, task)
    count_correction(correction)
    return _Made(f"cor_{uuid.uuid4().hex}", correction, obtained, started_s, deadline)


async def _obtain(
    service: LlmService, wanted: CorrectionRequest, frame: frame_pb2.SensorFrame | None, deadline: Deadline
) -> ObtainedScene:
    match wanted.scene:
        case SessionScene(session_id=session_id):
            return from_session(service.sessions.get(session_id), service.settings.max_embedding_age_ms)
        case ServerFrameScene(path=path):
            frame = await service.sources.read_server_frame(path)
    assert frame is not None, "an inline scene was read together with its frame"
    return await service.sources.from_frame(frame, deadline)


def _checked_proposal(wanted: CorrectionRequest, service: LlmService) -> NDArray[np.float64]:
    horizon = service.bundle.manifest.contract.trajectory_horizon
    if abs(wanted.proposal.step_s - horizon.step_s) > _STEP_TOLERANCE_S:
        raise InvalidField("proposal.step_s", f"{horizon.step_s:g} s", wanted.proposal.step_s)
    return checked_trajectory(wanted.proposal.waypoints_ego_m, horizon, "proposal.waypoints_ego_m")


def _ego_state(wanted: CorrectionRequest, obtained: ObtainedScene) -> EgoState:
    if wanted.ego_state is not None:
        return EgoState(**wanted.ego_state.model_dump())
    if (known := obtained.scene.embedding.ego_state) is not None:
        return known
    raise InvalidField("ego_state", "an ego state in the request or in the frame", "none in either")


def _deadline(wanted: CorrectionRequest, service: LlmService) -> Deadline:
    settings = service.settings
    if wanted.deadline_ms is None:
        return Deadline.after_ms(settings.default_deadline_ms)
    if wanted.deadline_ms > settings.max_deadline_ms:
        raise InvalidField("deadline_ms", f"at most {settings.max_deadline_ms}", wanted.deadline_ms)
    return Deadline.after_ms(wanted.deadline_ms)


async def _explain(service: LlmService, made: _Made) -> Explanation:
    """The whole explanation, or what there is of it when the deadline passes."""
    return Explanation.of([piece async for piece in _pieces(service, made)])


def _pieces(service: LlmService, made: _Made) -> AsyncGenerator[ExplanationPiece]:
    return explain_until(service.corrector, made.correction, service.settings.max_explanation_tokens, made.deadline)


async def _events(service: LlmService, made: _Made, explain: bool) -> AsyncGenerator[ServerSentEvent]:
    """`trajectory` at once, `explanation` deltas, then `done` with the whole text and the final timing."""
    with service.gate.stay():
        answer = _answer(service, made, None, 0.0)
        yield ServerSentEvent(event="trajectory", data=answer.model_dump_json(exclude={"explanation"}))
        explaining_s = time.perf_counter()
        pieces: list[ExplanationPiece] = []
        try:
            if explain:
                async for piece in _pieces(service, made):
                    pieces.append(piece)
                    if piece.text:
                        yield ServerSentEvent(event="explanation", data=json.dumps({"delta": piece.text}))
            explanation = Explanation.of(pieces) if explain else None
            final = _answer(service, made, explanation, _since_ms(explaining_s))
            yield ServerSentEvent(event="done", data=final.model_dump_json(include={"id", "explanation", "timing_ms"}))
        except Exception as error:  # the status line is gone: tell the client in the stream
            document = problem_from(error).document("/v1/trajectories/correct")
            yield ServerSentEvent(event="error", data=document.model_dump_json())


def _answer(
    service: LlmService, made: _Made, explanation: Explanation | None, explanation_ms: float
) -> CorrectionAnswer:
    correction, decision = made.correction, made.correction.decision
    return CorrectionAnswer(
        id=made.id,
        waypoints_ego_m=decision.trajectory_ego_m.tolist(),
        step_s=service.bundle.manifest.contract.horizon.step_s,
        scale_m=correction.scale_m.tolist(),
        status=decision.status,
        share=decision.share,
        reason=decision.reason,
        findings=correction.findings,
        checks=Judgements(
            proposal=Judgement.of(decision.proposal_report), correction=Judgement.of(decision.correction_report)
        ),
        explanation=explanation,
        scene=SceneUsed.of(correction.scene),
        model=Model.of(service.bundle.manifest),
        timing_ms=Timing(
            perception=made.obtained.perception_ms,
            wire=made.obtained.wire_ms,
            **correction.stage_ms,
            explanation=explanation_ms,
            total=_since_ms(made.started_s),
        ),
    )


def _json(answer: CorrectionAnswer) -> Response:
    return Response(answer.model_dump_json(), media_type="application/json")


def _since_ms(started_s: float) -> float:
    return (time.perf_counter() - started_s) * 1e3
