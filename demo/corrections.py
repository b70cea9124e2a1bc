"""The corrections that the demo asks for, and what it shows of each."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from rich.console import Console
from rich.markup import escape

from demo.built_in_drive import drive_frames
from demo.client import Refused, correct_inline
from demo.proposals import NamedProposal, kinematic_proposals
from demo.report import print_correction
from training.pictures import CorrectionView, draw_correction
from training.serving.stack import StackFailed, StackPlan, local_stack
from waymend.bundle import BundleError, open_bundle
from waymend.errors import InvalidField
from waymend.frames import FrameDirectory, read_frame_directory
from waymend.trajectory import EgoState, Horizon

_CORRECTIONS = 3


@dataclass(frozen=True, slots=True)
class _Case:
    """One correction to ask for."""

    title: str
    frame: FrameDirectory
    ego_state: EgoState
    proposal: NamedProposal


def correct_trajectories(frame: Path | None, speed_mps: float | None, bundle: Path, out: Path) -> int:
    """Starts both services, asks for the corrections, prints and draws them; returns the exit code.

    Args:
        frame: A frame directory; the built-in drive where None.
        speed_mps: Ego speed, for frames without an ego state.
        bundle: Directory of the bundle.
        out: Directory for pictures and logs.
    """
    console = Console()
    try:
        _run(frame, speed_mps, bundle, out, console)
    except (BundleError, StackFailed, Refused, InvalidField, httpx.HTTPError) as error:
        console.print(f"[red]The demo failed:[/] {escape(str(error))}")
        return 1
    return 0


def _run(frame: Path | None, speed_mps: float | None, bundle: Path, out: Path, console: Console) -> None:
    manifest = open_bundle(bundle, halves=()).manifest
    horizon = manifest.contract.trajectory_horizon
    cases = list(_cases(frame, speed_mps, horizon))
    label = f"{manifest.name} {manifest.version}"
    if not manifest.trained:
        label += " (untrained)"
        console.print(
            "[bold yellow]The bundle is untrained:[/] its weights are random. What follows shows that every part "
            "works together; the corrections and explanations mean nothing."
        )
    plan = StackPlan(bundle=bundle, logs=out / "logs")
    with (
        console.status("starting") as status,
        local_stack(plan, status.update) as stack,
        httpx.Client(base_url=stack.rest_url, timeout=120.0) as rest,
    ):
        for number, case in enumerate(cases, start=1):
            status.update(f"correction {number} of {len(cases)}: {case.title}")
            answer = correct_inline(rest, case.frame, case.proposal.waypoints_ego_m, horizon.step_s, case.ego_state)
            print_correction(console, case.title, case.proposal.waypoints_ego_m, answer, _truth(case.frame))
            picture = out / f"correction-{number}.png"
            draw_correction(case.frame, _view(case, answer, label), picture)
            console.print(f"picture      {picture}\n")
    console.print("Both services have stopped.")


def _cases(directory: Path | None, speed_mps: float | None, horizon: Horizon) -> Iterator[_Case]:
    if directory is None:
        for built_in in drive_frames()[:_CORRECTIONS]:
            frame = read_frame_directory(built_in)
            state = _ego_state(frame, speed_mps)
            yield _case(frame, state, kinematic_proposals(state, horizon)[0])
        return
    frame = read_frame_directory(directory)
    state = _ego_state(frame, speed_mps)
    for proposal in kinematic_proposals(state, horizon):
        yield _case(frame, state, proposal)


def _case(frame: FrameDirectory, state: EgoState, proposal: NamedProposal) -> _Case:
    return _Case(f"{frame.description.frame_id}, proposal: {proposal.name}", frame, state, proposal)


def _ego_state(frame: FrameDirectory, speed_mps: float | None) -> EgoState:
    if speed_mps is not None:
        return EgoState(speed_mps)
    state = frame.description.ego_state
    if state is None:
        raise InvalidField("frame.json.ego_state", "an ego state, or --speed-mps (make demo SPEED=8)", "none")
    return EgoState(**state.model_dump())


def _truth(frame: FrameDirectory) -> np.ndarray | None:
    future = frame.description.future_trajectory_ego_m
    return None if future is None else np.asarray(future)


def _view(case: _Case, answer: dict[str, Any], label: str) -> CorrectionView:
    def checks(of: str) -> list[tuple[str, str, str]]:
        return [(check["name"], check["status"], check["message"]) for check in answer["checks"][of]["checks"]]

    return CorrectionView(
        proposal_ego_m=case.proposal.waypoints_ego_m,
        correction_ego_m=np.asarray(answer["waypoints_ego_m"]),
        scale_m=np.asarray(answer["scale_m"]),
        status=answer["status"],
        proposal_checks=checks("proposal"),
        correction_checks=checks("correction"),
        explanation=answer["explanation"]["text"],
        model_label=label,
    )
