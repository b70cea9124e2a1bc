"""A running `llm_service`, asked through REST as any client asks it."""

import json
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import Any

import httpx
import numpy as np
from numpy.typing import NDArray

from training.evaluating.answering.sample_encoder import SampleEncoder
from training.evaluating.case import Case
from training.evaluating.metrics.failures import Failure
from training.evaluating.outcome import Outcome, Times
from training.serving.inline_request import frame_parts
from waymend.errors import InvalidField
from waymend.trajectory import Horizon

_CORRECT = "/v1/trajectories/correct"
_STALE = "urn:waymend:problem:stale-embedding"


class _Refused(Exception):
    """A problem document instead of an answer."""

    def __init__(self, problem: dict[str, Any]) -> None:
        super().__init__(str(problem.get("detail", problem)))
        self.kind: str = problem.get("type", "")
        self.status: int = problem.get("status", 0)


class ServedAnswerer:
    """Asks a service: a session per key frame, so that its frame is sent and encoded once for all its proposals.

    Args:
        rest: Client of the service.
        encoder: Reads frames.
        horizon: Of the bundle.
    """

    def __init__(self, rest: httpx.Client, encoder: SampleEncoder, horizon: Horizon) -> None:
        self._rest, self._encoder, self._horizon = rest, encoder, horizon

    def answer(self, cases: Sequence[Case], explained: Collection[int]) -> list[Outcome]:
        """As `CaseAnswerer`."""
        session = _FrameSession(self._rest, self._encoder, cases[0].sample_token)
        try:
            return [self._outcome(session, case, index in explained) for index, case in enumerate(cases)]
        finally:
            session.close()

    def _outcome(self, session: "_FrameSession", case: Case, explain: bool) -> Outcome:
        try:
            return self._ask(session, case, explain)
        except _Refused as error:
            timed_out = error.status == httpx.codes.GATEWAY_TIMEOUT
            return Outcome.failed(Failure.TIMED_OUT if timed_out else Failure.REFUSED, str(error))
        except httpx.TimeoutException as error:
            return Outcome.failed(Failure.TIMED_OUT, str(error))
        except (httpx.HTTPError, InvalidField) as error:
            return Outcome.failed(Failure.REFUSED, str(error))

    def _ask(self, session: "_FrameSession", case: Case, explain: bool) -> Outcome:
        """A request; one that comes when the session's frame is too old already is sent again after a new one."""
        try:
            return self._answered(session, case, explain)
        except _Refused as error:
            if error.kind != _STALE:
                raise
        session.close()
        return self._answered(session, case, explain)

    def _answered(self, session: "_FrameSession", case: Case, explain: bool) -> Outcome:
        session_id, perception_ms = session.opened()
        request = {
            "scene": {"kind": "session", "session_id": session_id},
            "proposal": {"waypoints_ego_m": case.proposal_ego_m.tolist(), "step_s": self._horizon.step_s},
            "ego_state": asdict(case.keyframe.ego_state),
            "command": case.keyframe.command,
            "explain": explain,
        }
        started_s = time.perf_counter()
        if not explain:
            answer = _checked(self._rest.post(_CORRECT, json=request))
            request_ms = (time.perf_counter() - started_s) * 1e3
            return _outcome_of(answer, case, None, Times(request=request_ms, perception=perception_ms))
        with self._rest.stream("POST", _CORRECT, json=request, headers={"accept": "text/event-stream"}) as streamed:
            return _streamed_outcome(streamed, case, perception_ms)


class _FrameSession:
    """A session that holds one sample, opened when it is first needed."""

    def __init__(self, rest: httpx.Client, encoder: SampleEncoder, sample_token: str) -> None:
        self._rest, self._encoder, self._sample_token = rest, encoder, sample_token
        self._id: str | None = None

    def opened(self) -> tuple[str, float | None]:
        """Its id, and what encoding took where that was done now."""
        if self._id is not None:
            return self._id, None
        frame = self._encoder.frame(self._sample_token)
        self._id = _checked(self._rest.post("/v1/sessions"))["id"]
        try:
            accepted = _checked(self._rest.post(f"/v1/sessions/{self._id}/frames", files=frame_parts(frame)))
        except BaseException:
            self.close()
            raise
        return self._id, accepted["timing_ms"]["perception"]

    def close(self) -> None:
        if self._id is not None:
            with suppress(httpx.HTTPError):
                self._rest.delete(f"/v1/sessions/{self._id}")
            self._id = None


def _streamed_outcome(streamed: httpx.Response, case: Case, perception_ms: float | None) -> Outcome:
    if streamed.is_error:
        streamed.read()
        _checked(streamed)
    answer: dict[str, Any] | None = None
    answered_s, start_ms = 0.0, None
    for event, data in _events(streamed.iter_lines()):
        now_s = time.perf_counter()
        if event == "trajectory":
            answer, answered_s = data, now_s
        elif event == "explanation" and start_ms is None:
            start_ms = (now_s - answered_s) * 1e3
        elif event == "error":
            raise _Refused(data)
        elif event == "done" and answer is not None:
            times = Times(explanation_start=start_ms, perception=perception_ms)
            return _outcome_of(answer, case, data["explanation"], times)
    raise _Refused({"detail": "the stream ended before the explanation did"})


def _events(lines: Iterator[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Server-sent events with JSON data (WHATWG HTML, section 9.2)."""
    event, data = "", ""
    for line in lines:
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            event = value
        elif field == "data":
            data += value
        elif not line and data:
            yield event, json.loads(data)
            event, data = "", ""


def _outcome_of(answer: dict[str, Any], case: Case, explanation: dict[str, Any] | None, times: Times) -> Outcome:
    waypoints, scale_m = _numbers(answer["waypoints_ego_m"]), _numbers(answer["scale_m"])
    checks = {check["name"]: check["status"] for check in answer["checks"]["correction"]["checks"]}
    if checks["waypoints"] != "passed" or not (np.isfinite(waypoints).all() and np.isfinite(scale_m).all()):
        return Outcome.failed(Failure.NON_FINITE, answer["reason"])
    if waypoints.shape != case.proposal_ego_m.shape:
        return Outcome.failed(Failure.REFUSED, f"{len(waypoints)} waypoints for {len(case.proposal_ego_m)}")
    timing = answer["timing_ms"]
    trajectory_ms = timing["prompt"] + timing["prefill"] + timing["verifier"]
    return Outcome(
        trajectory_ego_m=waypoints,
        scale_m=scale_m,
        status=answer["status"],
        explanation=None if explanation is None else explanation["text"],
        draft=None if explanation is None else explanation["draft"],
        times=Times(trajectory_ms, times.request, times.explanation_start, times.perception),
    )


def _numbers(values: list[Any]) -> NDArray[np.float64]:
    """With NaN for the null that JSON has instead of it."""
    return np.array(values, np.float64)


def _checked(answer: httpx.Response) -> dict[str, Any]:
    try:
        body = answer.json()
    except ValueError:
        body = {"detail": f"status {answer.status_code} without JSON", "status": answer.status_code}
        raise _Refused(body) from None
    if answer.is_error:
        raise _Refused({"status": answer.status_code, **body})
    return body
