"""Any Llama becomes a trajectory Llama whose tokens, templates and weights are right."""

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoTokenizer, GPT2Config, LlamaForCausalLM

from llm_service.checkpoint import check_checkpoint
from llm_service.modeling.configuration import TrajectoryLlamaConfig, register_config
from llm_service.modeling.plan_features import plan_features
from llm_service.modeling.special_tokens import trajectory_tokens
from llm_service.modeling.transformers_model import TrajectoryLlamaForCausalLM
from llm_service.prompt import PromptBuilder, expand_placeholders
from tests.training.modeling.small_llamas import write_chatml_llama, write_llama2
from training.modeling.base_presets import BUILTIN_TINY, PRESETS, base_preset
from training.modeling.base_reference import BaseReference
from training.modeling.bases import prepare_base
from waymend.errors import InvalidField
from waymend.trajectory import EgoState, Horizon

PROPOSAL_M = np.cumsum(np.full((6, 2), (2.5, 0.1)), axis=0)
STATE = EgoState(5.0, 0.2, 0.01)


@pytest.fixture(scope="module")
def chatml(tmp_path_factory):
    source = write_chatml_llama(tmp_path_factory.mktemp("chatml") / "source")
    return source, prepare_base(source, source.parent / "llm")


@pytest.fixture(scope="module")
def llama2(tmp_path_factory):
    source = write_llama2(tmp_path_factory.mktemp("llama2") / "source")
    return source, prepare_base(source, source.parent / "llm", template="llama2")


@pytest.fixture(params=["chatml", "llama2"])
def prepared(request):
    register_config()
    return request.getfixturevalue(request.param)


def opened(llm):
    tokenizer = AutoTokenizer.from_pretrained(llm)
    config = TrajectoryLlamaConfig.from_pretrained(llm)
    return tokenizer, config, PromptBuilder(tokenizer, config)


def test_the_directory_passes_the_services_own_check(prepared):
    check_checkpoint(prepared[1])


def test_added_tokens_are_whole_and_the_channels_consecutive(prepared):
    tokenizer, config, _ = opened(prepared[1])
    for token in trajectory_tokens(6):
        assert tokenizer.encode(token, add_special_tokens=False) == [tokenizer.convert_tokens_to_ids(token)]
    first = config.traj_channel_ids[0]
    assert config.traj_channel_ids == list(range(first, first + 18))
    assert config.vocab_size % 64 == 0
    assert config.vocab_size >= len(tokenizer)


def test_text_may_end_but_holds_no_other_special_token(prepared):
    tokenizer, config, _ = opened(prepared[1])
    never = set(config.never_generated_ids)
    assert config.eos_token_id == tokenizer.eos_token_id
    assert config.eos_token_id not in never
    assert tokenizer.bos_token_id in never
    assert config.traj_token_id in never
    assert set(range(len(tokenizer), config.vocab_size)) <= never
    assert never.isdisjoint(tokenizer.encode("The car ahead is braking.", add_special_tokens=False))


def test_old_rows_are_kept_and_new_ones_are_their_mean(prepared):
    source, llm = prepared
    old = LlamaForCausalLM.from_pretrained(source, dtype="auto")
    new = TrajectoryLlamaForCausalLM.from_pretrained(llm, dtype="auto")
    assert new.dtype == old.dtype
    for matrix in ("model.embed_tokens", "lm_head"):
        before, after = old.get_submodule(matrix).weight, new.get_submodule(matrix).weight
        assert torch.equal(after[: len(before)], before)
        mean = before.float().mean(0).to(before.dtype)
        assert torch.equal(after[len(before) :], mean.expand(len(after) - len(before), -1))
    layer = "model.layers.1.mlp.down_proj.weight"
    assert torch.equal(new.get_parameter(layer), old.get_parameter(layer))


def test_a_prompt_goes_through_the_prepared_model(prepared):
    _, config, prompts = opened(prepared[1])
    prompt = prompts.correction({"bev": torch.randn(64, 256)}, plan_features(PROPOSAL_M, 0.5, STATE, "left"), "go slow")
    model = TrajectoryLlamaForCausalLM.from_pretrained(prepared[1], dtype=torch.float32)
    input_ids = torch.tensor([expand_placeholders(prompt, config)])
    with torch.inference_mode():
        offset_m, scale_m = model.trajectory(input_ids, {name: [values] for name, values in prompt.tokens.items()})
    assert offset_m.shape == (1, 6, 2)
    assert offset_m.abs().max() < 0.2  # training starts from the proposal
    assert scale_m.mean() == pytest.approx(0.79, abs=0.15)


def test_the_chatml_prompt_has_its_roles(chatml):
    tokenizer, _, prompts = opened(chatml[1])
    text = tokenizer.decode(prompts.correction({}, plan_features(PROPOSAL_M, 0.5, STATE, "left"), "go").token_ids)
    assert text == (
        "<|im_start|>system\nYou correct the planned trajectory of a car.<|im_end|>\n<|im_start|>user\n<|plan|>\n"
        "Instruction: go<|im_end|>\n<|im_start|>assistant\n<|traj|>"
    )


def test_the_llama2_prompt_has_its_brackets_and_one_start_token(llama2):
    tokenizer, config, prompts = opened(llama2[1])
    ids = prompts.correction({}, plan_features(PROPOSAL_M, 0.5, STATE, "left"), "").token_ids
    assert ids[0] == tokenizer.bos_token_id
    assert ids.count(tokenizer.bos_token_id) == 1
    text = "".join(tokenizer.decode(ids).split())
    assert text == "<s>[INST]<<SYS>>Youcorrecttheplannedtrajectoryofacar.<</SYS>><|plan|>[/INST]<|traj|>"
    assert config.pad_token_id == tokenizer.pad_token_id != config.eos_token_id


def test_the_embedding_has_a_file_of_its_own(llama2):
    assert set(load_file(llama2[1] / "embeddings.safetensors")) == {"model.embed_tokens.weight"}


def test_another_horizon_has_other_channels_and_head(chatml, tmp_path):
    llm = prepare_base(chatml[0], tmp_path / "llm", Horizon(4, 1.0))
    config = TrajectoryLlamaConfig.from_pretrained(llm)
    assert (config.num_waypoints, config.step_s, len(config.traj_channel_ids)) == (4, 1.0, 12)
    check_checkpoint(llm)


def test_the_same_seed_gives_the_same_projectors(chatml, tmp_path):
    prepare_base(chatml[0], tmp_path / "again")
    prepare_base(chatml[0], tmp_path / "other", seed=1)
    stored = (chatml[1] / "projectors.safetensors").read_bytes()
    assert (tmp_path / "again/projectors.safetensors").read_bytes() == stored
    assert (tmp_path / "other/projectors.safetensors").read_bytes() != stored


def test_the_builtin_base_passes_the_check_and_is_from_scratch(tmp_path):
    check_checkpoint(prepare_base(BUILTIN_TINY, tmp_path / "llm"))
    assert BaseReference.of(BUILTIN_TINY) == BaseReference(BUILTIN_TINY, None, from_scratch=True)


def test_the_builtin_base_keeps_its_embedding_apart_from_what_no_lora_stage_changes(tmp_path):
    llm = prepare_base(BUILTIN_TINY, tmp_path / "llm")
    assert set(load_file(llm / "embeddings.safetensors")) == {"model.embed_tokens.weight"}
    assert "model.embed_tokens.weight" not in load_file(llm / "base_model.safetensors")


def test_presets_pin_what_is_on_the_hub_and_name_a_template():
    for preset in PRESETS[1:]:
        assert len(preset.revision or "") == 40
        assert preset.template in ("smollm2", "llama2")
    assert base_preset("meta-llama/Llama-2-7b-chat-hf").template == "llama2"
    assert base_preset("./mine").revision is None


def test_a_tokenizer_without_template_needs_a_name(llama2, tmp_path):
    with pytest.raises(InvalidField, match="template: expected one of chatml, smollm2, llama2: the tokenizer has no"):
        prepare_base(llama2[0], tmp_path / "llm")
    with pytest.raises(InvalidField, match="given vicuna"):
        prepare_base(llama2[0], tmp_path / "llm", template="vicuna")
    assert not (tmp_path / "llm").exists()


def test_what_is_no_llama_is_refused(tmp_path):
    GPT2Config().save_pretrained(tmp_path / "gpt2")
    with pytest.raises(InvalidField, match=r"expected a model of type llama, given .*gpt2"):
        prepare_base(tmp_path / "gpt2", tmp_path / "llm")


def test_a_directory_with_something_in_it_is_refused(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(InvalidField, match="out: expected a directory that does not exist yet"):
        prepare_base(BUILTIN_TINY, tmp_path)
