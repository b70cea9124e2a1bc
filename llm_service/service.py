"""The parts of a running service, and how they are put together and taken apart."""

from collections.abc import AsyncGenerator, Generator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass

import numpy as np
import structlog
import torch
import yaml
from transformers import AutoTokenizer

from llm_service.correction.corrector import Corrector
from llm_service.correction.scene_sources import SceneSources
from llm_service.engine import CorrectionEngine, EngineSettings
from llm_service.modeling.configuration import TrajectoryLlamaConfig
from llm_service.modeling.plan_features import plan_features
from llm_service.prompt import PromptBuilder
from llm_service.sessions import SessionRegistry
from llm_service.settings import LlmSettings
from llm_service.verifier import EgoDimensions, Verifier, VerifierLimits
from perception_service.client import AsyncPerceptionClient, ChannelSettings, TokenSet
from waymend.bundle import Bundle, Contract
from waymend.trajectory import EgoState

log = structlog.get_logger(__name__)


class Overloaded(Exception):
    """As many corrections are under way as the service allows."""


class Gate:
    """Counts the corrections under way."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.in_flight = 0

    @contextmanager
    def enter(self) -> Generator[None]:
        """Admits a new correction; raises Overloaded at the limit."""
        if self.in_flight >= self.limit:
            raise Overloaded(self.limit)
        with self.stay():
            yield

    @contextmanager
    def stay(self) -> Generator[None]:
        """Counts the rest of a correction that was admitted already."""
        self.in_flight += 1
        try:
            yield
        finally:
            self.in_flight -= 1


@dataclass(frozen=True, slots=True, eq=False)
class LlmService:
    """A running service."""

    settings: LlmSettings
    bundle: Bundle
    engine: CorrectionEngine
    corrector: Corrector
    perception: AsyncPerceptionClient
    sources: SceneSources
    sessions: SessionRegistry
    gate: Gate


@asynccontextmanager
async def running_service(settings: LlmSettings, bundle: Bundle) -> AsyncGenerator[LlmService]:
    """Starts the engine and connects to perception; stops everything in reverse."""
    contract = bundle.manifest.contract
    async with AsyncExitStack() as stack:
        engine = await CorrectionEngine.start(bundle.llm_directory, _engine_settings(settings))
        stack.push_async_callback(engine.shutdown)
        perception = _perception_client(settings, contract)
        stack.push_async_callback(perception.close)
        sessions = SessionRegistry(perception, contract, settings.max_sessions, settings.session_idle_s)
        stack.push_async_callback(sessions.close_all)
        config = TrajectoryLlamaConfig.from_pretrained(bundle.llm_directory, local_files_only=True)
        prompts = _prompt_builder(bundle, config, settings)
        verifier = Verifier(_verifier_limits(settings), EgoDimensions())
        await _warm_up(engine, prompts, contract)
        log.info("ready", bundle=bundle.manifest.name, contract_id=bundle.manifest.contract_id)
        yield LlmService(
            settings=settings,
            bundle=bundle,
            engine=engine,
            corrector=Corrector(engine, prompts, verifier, contract.trajectory_horizon, config.caution),
            perception=perception,
            sources=SceneSources(perception, contract, settings.frames_root),
            sessions=sessions,
            gate=Gate(settings.max_requests_in_flight),
        )
        log.info("stopping")


def _perception_client(settings: LlmSettings, contract: Contract) -> AsyncPerceptionClient:
    certificates = settings.perception_ca_file
    channel = ChannelSettings(
        tls=settings.perception_tls, root_certificates=certificates.read_bytes() if certificates else None
    )
    token_sets = {name: TokenSet(modality.tokens, modality.width) for name, modality in contract.modalities.items()}
    return AsyncPerceptionClient(settings.perception_target, channel, token_sets)


async def _warm_up(engine: CorrectionEngine, prompts: PromptBuilder, contract: Contract) -> None:
    """One prediction and one explanation of nothing, so that the first client does not pay for lazy set-up."""
    horizon = contract.trajectory_horizon
    proposal_ego_m = np.zeros((horizon.waypoints, 2))
    tokens = {
        name: torch.zeros(modality.tokens, modality.width, dtype=torch.float16)
        for name, modality in contract.modalities.items()
    }
    state = EgoState(0.0)
    plan = plan_features(proposal_ego_m, horizon.step_s, state, "straight")
    prompt = prompts.correction(tokens, plan, instruction="")
    await engine.predict(prompt, "warm-up")
    explanation = prompts.explanation(
        prompt,
        proposal_ego_m=proposal_ego_m,
        ego_state=state,
        command="straight",
        trajectory_ego_m=proposal_ego_m,
        findings="",
    )
    async for _ in engine.explain(explanation, "warm-up", max_tokens=2):
        pass


def _engine_settings(settings: LlmSettings) -> EngineSettings:
    return EngineSettings(
        max_model_len=settings.max_model_len,
        max_num_seqs=settings.max_num_seqs,
        kv_cache_bytes=settings.kv_cache_bytes,
        dtype=settings.dtype,
    )


def _prompt_builder(bundle: Bundle, config: TrajectoryLlamaConfig, settings: LlmSettings) -> PromptBuilder:
    tokenizer = AutoTokenizer.from_pretrained(bundle.llm_directory, local_files_only=True)
    return PromptBuilder(tokenizer, config, settings.max_instruction_tokens)  # ty: ignore[invalid-argument-type]


def _verifier_limits(settings: LlmSettings) -> VerifierLimits:
    if settings.verifier_limits is None:
        return VerifierLimits()
    return VerifierLimits(**yaml.safe_load(settings.verifier_limits.read_text()))
