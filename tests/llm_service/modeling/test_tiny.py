"""The built-in model: small, deterministic, loaded by transformers alone."""

import numpy as np
import torch
from safetensors.torch import load_file

from llm_service.modeling.special_tokens import CHAT_TOKENS, trajectory_tokens
from llm_service.modeling.transformers_model import TrajectoryLlamaForCausalLM
from training.tiny.llm import write_tiny_llm


def test_the_same_seed_writes_the_same_files(tiny_llm, tmp_path):
    write_tiny_llm(tmp_path / "again", seed=0)
    names = sorted(path.name for path in tiny_llm.iterdir())
    assert names == sorted(path.name for path in (tmp_path / "again").iterdir())
    assert all((tiny_llm / name).read_bytes() == (tmp_path / "again" / name).read_bytes() for name in names)


def test_another_seed_writes_other_weights_and_leaves_the_random_state_alone(tiny_llm, tmp_path):
    state = torch.random.get_rng_state()
    write_tiny_llm(tmp_path / "other", seed=1)
    assert torch.equal(torch.random.get_rng_state(), state)
    file = "trajectory_head.safetensors"
    assert (tiny_llm / file).read_bytes() != (tmp_path / "other" / file).read_bytes()


def test_it_fits_in_five_megabytes_with_a_float32_head(tiny_llm):
    assert sum(path.stat().st_size for path in tiny_llm.iterdir()) < 5_000_000
    assert {tensor.dtype for tensor in load_file(tiny_llm / "trajectory_head.safetensors").values()} == {torch.float32}


def test_transformers_finds_every_tensor(tiny_llm):
    model, report = TrajectoryLlamaForCausalLM.from_pretrained(tiny_llm, output_loading_info=True)
    assert not any(report.values()), report
    saved = load_file(tiny_llm / "projectors.safetensors")["projectors.plan.inner.weight"]
    assert torch.equal(model.projectors["plan"].inner.weight, saved.float())


def test_untrained_offsets_are_decimetres_and_depend_on_the_scene(transformers_model, make_prompt, reference):
    offsets_m = np.stack([reference(transformers_model, make_prompt(seed))[0] for seed in range(6)])
    assert 0.05 < np.abs(offsets_m).mean() < 1.0
    assert np.std(offsets_m, axis=0).mean() > 5e-3


def test_digits_are_single_tokens_and_added_tokens_are_whole(tokenizer):
    assert tokenizer.tokenize("12.75") == ["1", "2", ".", "7", "5"]
    for token in (*CHAT_TOKENS, *trajectory_tokens(6)):
        assert tokenizer.encode(token) == [tokenizer.convert_tokens_to_ids(token)]


def test_text_survives_the_tokenizer(tokenizer):
    text = "Zebra crossing at 12.5 m — naïve 走行,\n\tplease brake!"
    assert tokenizer.decode(tokenizer.encode(text)) == text


def test_every_id_that_is_not_plain_text_is_barred_from_text(tokenizer, config):
    barred = set(config.never_generated_ids) | set(config.traj_channel_ids)
    special = set(tokenizer.get_added_vocab().values()) - {config.eos_token_id}
    assert barred == special | set(range(len(tokenizer), config.vocab_size))
