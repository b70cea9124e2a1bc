"""One tiny model and one real engine for all tests of the LLM service."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
import torch
from transformers import PreTrainedTokenizerFast

from llm_service.engine import CorrectionEngine
from llm_service.engine_settings import EngineSettings
from llm_service.modeling.configuration import TrajectoryLlamaConfig, register_config
from llm_service.modeling.plan_features import plan_features
from llm_service.modeling.transformers_model import TrajectoryLlamaForCausalLM
from llm_service.prompt import CorrectionPrompt, PromptBuilder, expand_placeholders
from training.tiny.llm import write_tiny_llm
from waymend.trajectory import EgoState

MakePrompt = Callable[..., CorrectionPrompt]
MakeExplanationPrompt = Callable[..., CorrectionPrompt]
Reference = Callable[[TrajectoryLlamaForCausalLM, CorrectionPrompt], tuple[np.ndarray, np.ndarray]]

ENGINE_SLOTS = 4
EGO_STATE = EgoState(speed_mps=5.2, acceleration_mps2=0.3, yaw_rate_radps=0.02)


@pytest.fixture(scope="session")
def tiny_llm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An `llm/` directory."""
    directory = tmp_path_factory.mktemp("tiny") / "llm"
    write_tiny_llm(directory, seed=0)
    return directory


@pytest.fixture(scope="session")
def tokenizer(tiny_llm: Path) -> PreTrainedTokenizerFast:
    register_config()
    return PreTrainedTokenizerFast.from_pretrained(tiny_llm)


@pytest.fixture(scope="session")
def config(tiny_llm: Path) -> TrajectoryLlamaConfig:
    return TrajectoryLlamaConfig.from_pretrained(tiny_llm)


@pytest.fixture(scope="session")
def prompts(tokenizer: PreTrainedTokenizerFast, config: TrajectoryLlamaConfig) -> PromptBuilder:
    return PromptBuilder(tokenizer, config, max_instruction_tokens=64)


@pytest.fixture(scope="session")
def make_prompt(prompts: PromptBuilder) -> MakePrompt:
    """A correction prompt with random embeddings; `seed` decides all of it."""

    def make(seed: int, counts: tuple[int, int, int] = (96, 64, 100), instruction: str = "") -> CorrectionPrompt:
        random = torch.Generator().manual_seed(seed)
        tokens = {
            name: torch.randn(count, 256, generator=random).half()
            for name, count in zip(("image", "bev", "vector"), counts, strict=True)
        }
        proposal_ego_m = np.cumsum(np.random.default_rng(seed).normal((2.6, 0.0), 0.2, (6, 2)), axis=0)
        plan = plan_features(proposal_ego_m, 0.5, EGO_STATE, "straight")
        return prompts.correction(tokens, plan, instruction)

    return make


@pytest.fixture(scope="session")
def make_explanation_prompt(prompts: PromptBuilder) -> MakeExplanationPrompt:
    """The explanation prompt that goes on from a correction prompt."""

    def make(
        prompt: CorrectionPrompt,
        findings: str = "Change: 0.2 m shorter; end speed 5.2 m/s (19 km/h) to 5.0 m/s (18 km/h)",
    ) -> CorrectionPrompt:
        return prompts.explanation(
            prompt,
            proposal_ego_m=np.array([[2.61, 0.0], [5.2, -0.04]]),
            ego_state=EGO_STATE,
            command="straight",
            trajectory_ego_m=np.array([[2.5, 0.04], [5.0, -0.16]]),
            findings=findings,
        )

    return make


@pytest.fixture(scope="session")
def reference(config: TrajectoryLlamaConfig) -> Reference:
    """Offset and scale of the transformers model for a prompt."""

    def predict(model: TrajectoryLlamaForCausalLM, prompt: CorrectionPrompt) -> tuple[np.ndarray, np.ndarray]:
        input_ids = torch.tensor([expand_placeholders(prompt, config)])
        modalities = {name: [values] for name, values in prompt.tokens.items()}
        with torch.inference_mode():
            offset_m, scale_m = model.trajectory(input_ids, modalities)
        return offset_m[0].numpy(), scale_m[0].numpy()

    return predict


@pytest.fixture(scope="session")
def transformers_model(tiny_llm: Path) -> TrajectoryLlamaForCausalLM:
    return TrajectoryLlamaForCausalLM.from_pretrained(tiny_llm).eval()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def engine(tiny_llm: Path) -> AsyncIterator[CorrectionEngine]:
    """The real engine, with few slots so that they are easily filled."""
    started = await CorrectionEngine.start(tiny_llm, EngineSettings(max_num_seqs=ENGINE_SLOTS, kv_cache_bytes=64 << 20))
    yield started
    await started.shutdown()
