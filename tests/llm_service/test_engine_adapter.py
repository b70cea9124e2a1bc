"""A LoRA adapter beside the checkpoint: served by vLLM as transformers and PEFT compute it."""

import shutil
import uuid
from pathlib import Path

import numpy as np
import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model

from llm_service.checkpoint import LORA_TARGETS, CheckpointError, check_checkpoint
from llm_service.engine import CorrectionEngine, EngineUnavailable
from llm_service.engine_settings import EngineSettings
from llm_service.modeling.transformers_model import TrajectoryLlamaForCausalLM


def random_adapter(model: TrajectoryLlamaForCausalLM) -> PeftModel:
    torch.manual_seed(5)
    adapted = get_peft_model(model, LoraConfig(r=8, lora_alpha=32, target_modules=sorted(LORA_TARGETS)))
    with torch.no_grad():
        for name, parameter in adapted.named_parameters():
            if "lora_B" in name:
                parameter.normal_(std=0.02)
    return adapted.eval()


@pytest.fixture
def adapted_llm(tiny_llm: Path, tmp_path: Path) -> tuple[Path, PeftModel]:
    directory = tmp_path / "llm"
    shutil.copytree(tiny_llm, directory)
    adapted = random_adapter(TrajectoryLlamaForCausalLM.from_pretrained(directory).eval())
    adapted.save_pretrained(directory / "adapter")
    return directory, adapted


async def test_every_request_gets_the_adapter(adapted_llm, transformers_model, make_prompt, reference):
    directory, adapted = adapted_llm
    engine = await CorrectionEngine.start(directory, EngineSettings(kv_cache_bytes=64 << 20))
    try:
        for seed in range(3):
            prompt = make_prompt(seed)
            prediction = await engine.predict(prompt, uuid.uuid4().hex)
            with_adapter, _ = reference(adapted.get_base_model(), prompt)
            without, _ = reference(transformers_model, prompt)
            np.testing.assert_allclose(prediction.offset_ego_m, with_adapter, rtol=0, atol=1e-3)
            assert np.abs(with_adapter - without).max() > 1e-2
    finally:
        await engine.shutdown()
    assert not engine.is_ready()
    with pytest.raises(EngineUnavailable):
        await engine.predict(prompt, uuid.uuid4().hex)


def test_an_adapter_with_other_modules_is_refused(adapted_llm):
    directory, _ = adapted_llm
    check_checkpoint(directory)
    config = directory / "adapter" / "adapter_config.json"
    config.write_text(config.read_text().replace('"modules_to_save": null', '"modules_to_save": ["trajectory_head"]'))
    with pytest.raises(CheckpointError, match="modules_to_save"):
        check_checkpoint(directory)
