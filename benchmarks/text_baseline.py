"""The head after one prefill against the same model writing the same waypoints as text with transformers.

Its prompt holds the proposal in words, as such a model needs it.
"""

import time
from pathlib import Path

import numpy as np
import torch
from transformers import AutoTokenizer

from benchmarks.table import percentile_ms
from benchmarks.workload import EGO_STATE, HORIZON, proposal
from llm_service.modeling.configuration import TrajectoryLlamaConfig
from llm_service.modeling.plan_features import plan_features
from llm_service.modeling.transformers_model import TrajectoryLlamaForCausalLM
from llm_service.prompt import CorrectionPrompt, PromptBuilder, expand_placeholders, question_text, waypoint_text
from perception_service.client import Embedding

_RUNS = 8
_DECIMALS = 2
"""Centimetres, as the planners that answer in text write them (GPT-Driver, Agent-Driver)."""


def text_generation_ms(llm_directory: Path, embedding: Embedding) -> float:
    """p50 of `generate` until the last waypoint is written, the better of 1 and 2 threads."""
    tokenizer = AutoTokenizer.from_pretrained(llm_directory)
    model = TrajectoryLlamaForCausalLM.from_pretrained(llm_directory).eval()
    prompts = PromptBuilder(tokenizer, TrajectoryLlamaConfig.from_pretrained(llm_directory))  # ty: ignore[invalid-argument-type]
    arrays = {"image": embedding.image_tokens, "bev": embedding.bev_tokens, "vector": embedding.vector_tokens}
    tokens = {name: torch.from_numpy(np.array(array)) for name, array in arrays.items()}
    threads_before = torch.get_num_threads()
    medians = []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        durations_s = [_generate(model, tokenizer, prompts, tokens, seed) for seed in range(_RUNS + 1)]
        medians.append(percentile_ms(durations_s[1:]))
    torch.set_num_threads(threads_before)
    return min(medians)


def _generate(model, tokenizer, prompts: PromptBuilder, tokens: dict[str, torch.Tensor], seed: int) -> float:  # noqa: ANN001
    planned = proposal(seed)
    plan = plan_features(planned, HORIZON.step_s, EGO_STATE, "straight")
    scene = prompts.correction(tokens, plan, instruction="")
    question = question_text(planned, EGO_STATE, "straight") + "\nAnswer:"
    prompt = CorrectionPrompt([*scene.token_ids, *_ids(tokenizer, question)], scene.tokens)
    answer_tokens = len(_ids(tokenizer, waypoint_text(planned, _DECIMALS)))
    started = time.perf_counter()
    input_ids = torch.tensor([expand_placeholders(prompt, model.config)])
    with torch.inference_mode():
        embeds = model.embed(input_ids, {name: [values] for name, values in prompt.tokens.items()})
        model.generate(
            inputs_embeds=embeds, min_new_tokens=answer_tokens, max_new_tokens=answer_tokens, do_sample=False
        )
    return time.perf_counter() - started


def _ids(tokenizer, text: str) -> list[int]:  # noqa: ANN001
    return tokenizer.encode(text, add_special_tokens=False)
