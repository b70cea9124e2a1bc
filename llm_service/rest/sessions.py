"""`/v1/sessions`: drives that the service follows."""

from fastapi import APIRouter, Request, Response

from llm_service.deadline import Deadline
from llm_service.rest.answers import FrameAccepted, SceneUsed, SessionAnswer
from llm_service.rest.openapi import FRAME_BODY, PROBLEM_RESPONSES
from llm_service.rest.presence import while_connected
from llm_service.rest.reading import read_frame
from llm_service.rest.requests import ServerFrameScene, SessionRequest
from llm_service.service import LlmService
from llm_service.sessions import Session

router = APIRouter(prefix="/v1/sessions", tags=["sessions"], responses=PROBLEM_RESPONSES)


@router.post("", status_code=201)
async def open_session(request: Request, wanted: SessionRequest | None = None) -> SessionAnswer:
    """Opens a session; its frames come through gRPC `StreamEncode` under the same id, or through the route below."""
    service: LlmService = request.app.state.service
    return _describe(service, service.sessions.open(wanted.session_id if wanted else None))


@router.get("/{session_id}")
async def read_session(request: Request, session_id: str) -> SessionAnswer:
    """State of a session."""
    service: LlmService = request.app.state.service
    return _describe(service, service.sessions.get(session_id))


@router.delete("/{session_id}", status_code=204)
async def close_session(request: Request, session_id: str) -> Response:
    """Closes a session."""
    service: LlmService = request.app.state.service
    await service.sessions.close(session_id)
    return Response(status_code=204)


@router.post("/{session_id}/frames", openapi_extra=FRAME_BODY)
async def add_frame(request: Request, session_id: str) -> FrameAccepted:
    """Encodes a frame and makes it the session's newest, if it is."""
    service: LlmService = request.app.state.service
    session = service.sessions.get(session_id)
    deadline = Deadline.after_ms(service.settings.default_deadline_ms)
    frame = await read_frame(request)
    if isinstance(frame, ServerFrameScene):
        frame = await service.sources.read_server_frame(frame.path)
    with service.gate.enter():
        obtained = await while_connected(request, service.sources.from_frame(frame, deadline, session))
    return FrameAccepted(
        session_id=session_id,
        frame_id=frame.frame_id,
        timestamp_us=frame.timestamp_us,
        timing_ms={"perception": obtained.perception_ms, "wire": obtained.wire_ms},
    )


def _describe(service: LlmService, session: Session) -> SessionAnswer:
    return SessionAnswer(
        id=session.id,
        state=session.state,
        newest=None if session.newest is None else SceneUsed.of(session.newest),
        frames=session.frames,
        corrections=session.corrections,
        expires_in_s=service.sessions.expires_in_s(session),
    )
