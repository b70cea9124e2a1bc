"""The transformers model: embeddings in their places, logits and trajectory from one pass."""

import pytest
import torch

from llm_service.prompt import expand_placeholders


def test_placeholders_and_embeddings_must_match(transformers_model, make_prompt, config):
    prompt = make_prompt(0)
    input_ids = torch.tensor([expand_placeholders(prompt, config)])
    modalities = {name: [values] for name, values in prompt.tokens.items()}
    modalities["bev"] = [modalities["bev"][0][:-1]]
    with pytest.raises(ValueError, match="bev: 64 placeholders for 63 embeddings"):
        transformers_model.trajectory(input_ids, modalities)


def test_a_padded_batch_gives_each_sample_its_own_answer(transformers_model, make_prompt, config, reference):
    prompts = [make_prompt(0, (96, 64, 20)), make_prompt(1, (96, 64, 100))]
    rows = [expand_placeholders(prompt, config) for prompt in prompts]
    longest = max(map(len, rows))
    pad = config.pad_token_id
    input_ids = torch.tensor([row + [pad] * (longest - len(row)) for row in rows])
    modalities = {name: [prompt.tokens[name] for prompt in prompts] for name in prompts[0].tokens}
    with torch.inference_mode():
        offset_m, scale_m = transformers_model.trajectory(input_ids, modalities, input_ids != pad)
    for row, prompt in enumerate(prompts):
        alone_m, alone_scale_m = reference(transformers_model, prompt)
        torch.testing.assert_close(offset_m[row], torch.from_numpy(alone_m), rtol=0, atol=1e-4)
        torch.testing.assert_close(scale_m[row], torch.from_numpy(alone_scale_m), rtol=0, atol=1e-4)


def test_forward_gives_logits_and_the_same_hidden_states_give_them_too(transformers_model, make_prompt, config):
    prompt = make_prompt(2)
    input_ids = torch.tensor([expand_placeholders(prompt, config)])
    modalities = {name: [values] for name, values in prompt.tokens.items()}
    with torch.inference_mode():
        logits = transformers_model(input_ids, modalities).logits
        from_hidden = transformers_model.lm_head(transformers_model.hidden_states(input_ids, modalities))
    assert logits.shape == (1, input_ids.shape[1], config.vocab_size)
    torch.testing.assert_close(from_hidden, logits)


def test_gradients_of_the_trajectory_reach_projectors_and_embeddings(transformers_model, make_prompt, config):
    prompt = make_prompt(3)
    input_ids = torch.tensor([expand_placeholders(prompt, config)])
    offset_m, scale_m = transformers_model.trajectory(input_ids, {k: [v] for k, v in prompt.tokens.items()})
    (offset_m.abs().sum() + scale_m.sum()).backward()
    reached = [name for name, p in transformers_model.named_parameters() if p.grad is not None and p.grad.any()]
    transformers_model.zero_grad(set_to_none=True)
    for modality in config.modality_widths:
        assert f"projectors.{modality}.output.weight" in reached
    assert "model.embed_tokens.weight" in reached
