"""A running `llm_service`, asked through REST as any client asks it."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import httpx
import numpy as np
from numpy.typing import NDArray

from training.chatting.answerer import Answer, AnswerFailed, CheckOutcome
from training.chatting.chat_scene import ChatScene
from training.serving.inline_request import inline_parts
from waymend.trajectory import Horizon

_TIMEOUT_S = 120.0


class RemoteAnswerer:
    """Answers from a service; `remote_answerer` makes one. The service has no request for a question afterwards."""

    takes_questions = False

    def __init__(self, rest: httpx.Client) -> None:
        self._rest = rest
        self._model: dict[str, Any] = _checked(rest.get("/v1/models"))["models"][0]
        self._explanation = ""

    @property
    def label(self) -> str:
        """Name and version of the bundle that is served."""
        return f"{self._model['name']} {self._model['version']}"

    @property
    def trained(self) -> bool:
        """As the service tells it."""
        return self._model["trained"]

    @property
    def horizon(self) -> Horizon:
        """As the service tells it."""
        return Horizon(self._model["waypoints"], self._model["step_s"])

    def correct(self, scene: ChatScene, proposal_ego_m: NDArray[np.float64], instruction: str) -> Answer:
        """Sends the frame with the proposal; the answer's explanation is kept."""
        request = {
            "scene": {"kind": "inline"},
            "proposal": {"waypoints_ego_m": proposal_ego_m.tolist(), "step_s": self.horizon.step_s},
            "ego_state": asdict(scene.ego_state),
            "command": scene.command,
            "instruction": instruction,
        }
        parts = inline_parts(request, scene.frame)
        try:
            answer = _checked(self._rest.post("/v1/trajectories/correct", files=parts))
        except httpx.HTTPError as error:
            raise AnswerFailed(f"the service cannot be reached: {error}") from error
        self._explanation = answer["explanation"]["text"]
        return _answer(answer)

    def explain(self) -> Iterator[str]:
        """The explanation that came with the answer."""
        return iter([self._explanation])

    def ask(self, question: str) -> Iterator[str]:
        """Raises AnswerFailed."""
        raise AnswerFailed("a running service takes no questions after its explanation; a bundle in process does")


@contextmanager
def remote_answerer(url: str, api_key: str | None = None) -> Generator[RemoteAnswerer]:
    """Talks to the service at `url`.

    Raises:
        AnswerFailed: It cannot be reached, or refuses.
    """
    headers = {"authorization": f"Bearer {api_key}"} if api_key else {}
    with httpx.Client(base_url=url, timeout=_TIMEOUT_S, headers=headers) as rest:
        try:
            answerer = RemoteAnswerer(rest)
        except httpx.HTTPError as error:
            raise AnswerFailed(f"{url} cannot be reached: {error}") from error
        yield answerer


def _checked(answer: httpx.Response) -> dict[str, Any]:
    """The body; the detail of a problem document as an error."""
    try:
        body = answer.json()
    except ValueError:
        raise AnswerFailed(f"status {answer.status_code} without JSON: is this llm_service?") from None
    if answer.is_error:
        raise AnswerFailed(str(body.get("detail", f"status {answer.status_code}")))
    return body


def _answer(answer: dict[str, Any]) -> Answer:
    sides = (answer["checks"][side]["checks"] for side in ("proposal", "correction"))
    return Answer(
        trajectory_ego_m=np.array(answer["waypoints_ego_m"], np.float64),
        scale_m=np.array(answer["scale_m"], np.float64),
        status=answer["status"],
        reason=answer["reason"],
        checks=[
            CheckOutcome(after["name"], before["status"], after["status"], after["message"])
            for before, after in zip(*sides, strict=True)
        ],
    )
