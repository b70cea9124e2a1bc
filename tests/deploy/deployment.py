"""The deployment files as data."""

import json
import re
import shlex
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
COMPOSE_FILES = ("docker-compose.yml", "deploy/compose.cuda.yml", "deploy/compose.tls.yml")
DOCKERFILE = ROOT / "deploy/Dockerfile"


def compose(name: str = "docker-compose.yml") -> dict:
    return yaml.safe_load((ROOT / name).read_text())


def services_of(name: str) -> dict[str, dict]:
    """Our two services in a compose file."""
    return {service: compose(name)["services"][service] for service in ("perception", "llm")}


def with_defaults(text: str) -> str:
    """`${NAME:-default}` as an empty environment leaves it."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text)


def instructions() -> list[tuple[str, str, str]]:
    """(stage, instruction, arguments) of the Dockerfile, in order."""
    lines = [line for line in DOCKERFILE.read_text().splitlines() if not line.startswith("#")]
    stage, found = "", []
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        if not line.strip():
            continue
        instruction, arguments = line.split(maxsplit=1)
        if instruction == "FROM":
            stage = arguments.split()[-1]
        found.append((stage, instruction, arguments))
    return found


def stage_environment(stage: str) -> dict[str, str]:
    pairs = [shlex.split(arguments) for at, name, arguments in instructions() if at == stage and name == "ENV"]
    return dict(pair.split("=", 1) for group in pairs for pair in group)


def stage_command(stage: str, instruction: str) -> list[str]:
    (arguments,) = [arguments for at, name, arguments in instructions() if at == stage and name == instruction]
    return json.loads(arguments)
