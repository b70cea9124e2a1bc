"""The compose files name settings, ports, paths and images that exist."""

import os
import shutil
import subprocess

import pytest

from llm_service.settings import LlmSettings
from perception_service.settings import PerceptionSettings
from tests.deploy.deployment import (
    COMPOSE_FILES,
    ROOT,
    compose,
    instructions,
    services_of,
    stage_environment,
    with_defaults,
)

SETTINGS = {"perception": PerceptionSettings, "llm": LlmSettings}


def container_environment(service: str, files: tuple[str, ...]) -> dict[str, str]:
    """Variables of a container: those of its image, then those of the compose files."""
    environment = stage_environment(service)
    for name in files:
        given = services_of(name)[service].get("environment", {})
        environment |= {key: with_defaults(value) for key, value in given.items() if value is not None}
    return environment


def volume_sources(service: dict) -> list[str]:
    return [v["source"] if isinstance(v, dict) else v.split(":")[0] for v in service.get("volumes", [])]


@pytest.mark.parametrize("service", SETTINGS)
@pytest.mark.parametrize("name", COMPOSE_FILES)
def test_every_variable_of_a_service_is_one_of_its_settings(service, name):
    settings = SETTINGS[service]
    prefix = settings.model_config["env_prefix"]
    known = {f"{prefix}{field}".upper() for field in settings.model_fields}
    given = {key for key in services_of(name)[service].get("environment", {}) if key.startswith("WAYMEND_")}
    assert given | {key for key in stage_environment(service) if key.startswith("WAYMEND_")} <= known


@pytest.mark.parametrize("service", SETTINGS)
@pytest.mark.parametrize("files", [COMPOSE_FILES[:1], COMPOSE_FILES[:2], COMPOSE_FILES], ids=["cpu", "cuda", "tls"])
def test_settings_accept_the_container_environment(service, files, monkeypatch, tmp_path):
    for key in [key for key in os.environ if key.startswith("WAYMEND_")]:
        monkeypatch.delenv(key)
    for key, value in container_environment(service, files).items():
        if key.startswith("WAYMEND_"):
            monkeypatch.setenv(key, value)
    monkeypatch.chdir(tmp_path)  # no .env file
    assert SETTINGS[service]().host == "0.0.0.0"


@pytest.mark.parametrize("service", SETTINGS)
def test_the_default_port_is_published_on_loopback(service):
    port = SETTINGS[service].model_fields["port"].default
    assert [with_defaults(p) for p in services_of("docker-compose.yml")[service]["ports"]] == [
        f"127.0.0.1:{port}:{port}"
    ]
    assert stage_environment(service)[f"WAYMEND_{service.upper()}_PORT"] == str(port)


def test_the_llm_service_calls_perception_once_that_is_healthy():
    llm = services_of("docker-compose.yml")["llm"]
    port = PerceptionSettings.model_fields["port"].default
    assert llm["depends_on"] == {"perception": {"condition": "service_healthy"}}
    assert llm["environment"]["WAYMEND_LLM_PERCEPTION_TARGET"] == f"perception:{port}"


def test_under_tls_the_llm_service_speaks_it_to_perception(monkeypatch, tmp_path):
    for key, value in container_environment("llm", COMPOSE_FILES).items():
        if key.startswith("WAYMEND_"):
            monkeypatch.setenv(key, value)
    monkeypatch.chdir(tmp_path)
    settings = LlmSettings()
    assert settings.perception_tls
    assert str(settings.perception_ca_file) == "/tls/ca.crt"


def test_an_unset_api_key_stays_unset():
    # An empty string would be a key, and refuse everyone.
    assert services_of("docker-compose.yml")["llm"]["environment"]["WAYMEND_LLM_API_KEY"] is None


@pytest.mark.parametrize("service", SETTINGS)
def test_services_are_locked_down(service):
    given = services_of("docker-compose.yml")[service]
    assert given["read_only"] is True
    assert given["cap_drop"] == ["ALL"]
    assert given["security_opt"] == ["no-new-privileges:true"]
    binds = [volume for volume in given["volumes"] if volume["type"] == "bind"]
    assert binds
    assert all(volume["read_only"] for volume in binds)


def test_bind_mounts_of_the_default_stack_exist():
    declared = compose()["volumes"]
    for name, service in compose()["services"].items():
        for source in map(with_defaults, volume_sources(service)):
            assert source in declared or (ROOT / source).exists(), f"{name}: {source}"


@pytest.mark.parametrize("name", COMPOSE_FILES)
@pytest.mark.parametrize("service", SETTINGS)
def test_images_are_built_from_stages_and_pins_that_exist(name, service):
    build = services_of(name)[service].get("build")
    if build is None:
        assert "image" not in services_of(name)[service]
        return
    accelerator = build["args"]["ACCELERATOR"]
    assert services_of(name)[service]["image"].endswith(f"-{accelerator}")
    assert (ROOT / f"requirements/{accelerator}.txt").is_file()
    assert (ROOT / f"requirements/overrides-{accelerator}.txt").is_file()
    stages = {stage for stage, _, _ in instructions()}
    assert {f"installer-{accelerator}", f"llm-base-{accelerator}", build.get("target", service)} <= stages


@pytest.mark.parametrize("files", [COMPOSE_FILES[:1], COMPOSE_FILES[:2], COMPOSE_FILES], ids=["cpu", "cuda", "tls"])
def test_compose_itself_accepts_the_files(files):
    if not shutil.which("docker") or subprocess.run(["docker", "compose", "version"], capture_output=True).returncode:
        pytest.skip("no docker client with the compose plugin")
    arguments = [part for name in files for part in ("-f", name)]
    command = ["docker", "compose", *arguments, "--profile", "observability", "config", "-q"]
    checked = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, env=os.environ | {"WAYMEND_TLS": "./deploy"}
    )
    assert checked.returncode == 0, checked.stderr
