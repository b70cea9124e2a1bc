"""Starts whoever answers."""

from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from typing import NamedTuple

import httpx
from nuscenes.nuscenes import NuScenes

from perception_service.bundle import load_pipeline
from training.evaluating.answering.answerer import CaseAnswerer
from training.evaluating.answering.offline import OfflineAnswerer
from training.evaluating.answering.sample_encoder import SampleEncoder
from training.evaluating.answering.served import ServedAnswerer
from training.evaluating.settings import EvaluationSettings
from training.serving.local_service import local_service
from training.serving.stack import StackPlan, local_stack
from waymend.bundle import Bundle
from waymend.errors import InvalidField

_TIMEOUT_S = 120.0
_EMBEDDING_AGE_MS = 600_000


class Answering(NamedTuple):
    """Who answers, and what encodes samples for everything else."""

    answerer: CaseAnswerer
    encoder: SampleEncoder


@contextmanager
def answering(
    settings: EvaluationSettings, bundle: Bundle, nuscenes: NuScenes, progress: Callable[[str], None]
) -> Generator[Answering]:
    """Starts the bundle in process or as both services, or connects to a running one; stops what it started.

    Raises:
        BundleError: It is no good bundle.
        StackFailed: A service did not start.
        InvalidField: The running service has another bundle, or cannot be reached.
    """
    contract = bundle.manifest.contract
    with ExitStack() as stack:
        if settings.offline:
            progress("starting the engine")
            service = stack.enter_context(local_service(bundle.directory))
            encoder = SampleEncoder(nuscenes, service.pipeline, contract)
            yield Answering(OfflineAnswerer(service, encoder), encoder)
            return
        encoder = SampleEncoder(nuscenes, load_pipeline(bundle.directory)[1], contract)
        url = settings.url or stack.enter_context(_services(settings, progress))
        headers = {"authorization": f"Bearer {settings.api_key}"} if settings.api_key else {}
        rest = stack.enter_context(_client(url, headers))
        check_served_bundle(rest, bundle)
        yield Answering(ServedAnswerer(rest, encoder, contract.trajectory_horizon), encoder)


def _client(url: str, headers: dict[str, str]) -> httpx.Client:
    try:
        return httpx.Client(base_url=url, timeout=_TIMEOUT_S, headers=headers)
    except httpx.InvalidURL as error:
        raise InvalidField("url", "the address of a running llm_service", f"{url}: {error}") from None


@contextmanager
def _services(settings: EvaluationSettings, progress: Callable[[str], None]) -> Generator[str]:
    """The address of both services on loopback; a session keeps its frame for as long as its cases take."""
    environment = {"WAYMEND_LLM_MAX_EMBEDDING_AGE_MS": str(_EMBEDDING_AGE_MS)}
    if settings.api_key:
        environment["WAYMEND_LLM_API_KEY"] = settings.api_key
    with local_stack(StackPlan(settings.bundle, settings.out / "logs", environment=environment), progress) as running:
        yield running.rest_url


def check_served_bundle(rest: httpx.Client, bundle: Bundle) -> None:
    """Checks that a service serves this very bundle.

    Raises:
        InvalidField: It cannot be reached, refuses, or serves another.
    """
    manifest = bundle.manifest
    expected = {
        "name": manifest.name,
        "version": manifest.version,
        "contract_id": manifest.contract_id,
        "manifest_sha256": bundle.manifest_sha256,
    }
    try:
        answer = rest.get("/v1/models")
        served = answer.raise_for_status().json()["models"][0]
        given = {name: served.get(name) for name in expected}
    except (httpx.HTTPError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise InvalidField("url", "a running llm_service", f"{rest.base_url}: {error}") from None
    if given != expected:
        raise InvalidField("url", f"a service with the bundle {expected}", given)
