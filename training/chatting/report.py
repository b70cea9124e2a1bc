"""What is printed of a scene and of an answer."""

import math
from collections import Counter

import numpy as np
from numpy.typing import NDArray
from rich.console import Group
from rich.table import Table
from rich.text import Text

from training.chatting.answerer import Answer
from training.chatting.birds_eye import CORRECTION, PROPOSAL, TRUTH, draw_birds_eye, legend
from training.chatting.chat_scene import ChatScene
from waymend.trajectory import Horizon

_MARKS = {"passed": ("pass", "green"), "failed": ("FAIL", "bold red"), "not_checked": ("-", "dim")}


def printable(text: str) -> str:
    """Text without control characters: what a model or a server writes must not steer the terminal."""
    return "".join(character if character.isprintable() or character == "\n" else " " for character in text)


def scene_facts(scene: ChatScene) -> Table:
    """Motion, command, agents and map, in figures."""
    description, state = scene.frame.description, scene.ego_state
    table = Table.grid(padding=(0, 2))
    rows = {
        "frame": printable(description.frame_id),
        "motion": f"{state.speed_mps:.1f} m/s, {state.acceleration_mps2:+.1f} m/s², {state.yaw_rate_radps:+.3f} rad/s",
        "command": scene.command,
        "agents": _agents(scene),
        "map": "none" if description.map is None else f"{len(description.map.polylines)} lines",
    }
    for name, value in rows.items():
        table.add_row(Text(name, "dim"), Text(value))
    return table


def proposal_list(scene: ChatScene) -> Table:
    """Number, name and end of each proposal at hand."""
    table = Table.grid(padding=(0, 2))
    for number, (name, waypoints) in enumerate(scene.proposals.items(), start=1):
        table.add_row(str(number), name, f"ends at {waypoints[-1, 0]:.1f}, {waypoints[-1, 1]:.1f} m")
    return table


def scene_view(scene: ChatScene) -> Group:
    """The scene from above with the true future, where it is known."""
    known = [] if scene.truth_ego_m is None else [("true future", TRUTH)]
    return Group(draw_birds_eye(scene.frame.description, truth_ego_m=scene.truth_ego_m), legend(known))


def answer_view(scene: ChatScene, proposal_ego_m: NDArray[np.float64], answer: Answer) -> Group:
    """The scene from above with proposal and answer."""
    picture = draw_birds_eye(scene.frame.description, proposal_ego_m, answer.trajectory_ego_m, scene.truth_ego_m)
    known = [("proposal", PROPOSAL), ("answer", CORRECTION)]
    return Group(picture, legend(known if scene.truth_ego_m is None else [*known, ("true future", TRUTH)]))


def waypoint_table(scene: ChatScene, proposal_ego_m: NDArray[np.float64], answer: Answer, horizon: Horizon) -> Table:
    """Waypoints side by side, metres in the ego frame."""
    table = Table(box=None)
    for heading in ("t (s)", "proposal", "answer", "shift", "scale", "true future"):
        table.add_column(heading, justify="right")
    for k, time_s in enumerate(horizon.times_s):
        shift_m = float(np.hypot(*(answer.trajectory_ego_m[k] - proposal_ego_m[k])))
        truth = "-" if scene.truth_ego_m is None else _point(scene.truth_ego_m[k])
        points = (_point(proposal_ego_m[k]), _point(answer.trajectory_ego_m[k]))
        table.add_row(f"{time_s:.1f}", *points, f"{shift_m:.2f}", f"{answer.scale_m[k]:.2f}", truth)
    return table


def verdict(answer: Answer) -> Table:
    """What the verifier decided, and the checks that did not pass on both sides."""
    table = Table.grid(padding=(0, 2))
    table.add_row(Text(answer.status, "bold"), Text(printable(answer.reason)))
    for check in answer.checks:
        if "failed" in (check.proposal, check.correction):
            marks = Text.assemble(_MARKS[check.proposal], " → ", _MARKS[check.correction])
            table.add_row(Text(check.name), Text.assemble(marks, f"  {printable(check.message)}"))
    return table


def _agents(scene: ChatScene) -> str:
    agents = scene.frame.description.agents
    if agents is None:
        return "not given; perception's detections stand in"
    counted = ", ".join(f"{count} {name}" for name, count in Counter(a.object_class for a in agents).most_common())
    if not agents:
        return "none"
    nearest = min(agents, key=lambda agent: math.hypot(*agent.center_ego_m[:2]))
    x_m, y_m = nearest.center_ego_m[:2]
    return f"{counted}; nearest: {nearest.object_class} at {x_m:.1f}, {y_m:.1f} m"


def _point(point: NDArray[np.float64]) -> str:
    return f"{point[0]:6.2f} {point[1]:6.2f}"
