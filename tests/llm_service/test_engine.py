"""The real engine on the tiny model."""

import asyncio
import os
import uuid

import numpy as np
import psutil
import pytest

from llm_service.engine import CorrectionEngine, Sampling


def new_scene() -> str:
    return uuid.uuid4().hex


async def text_of(engine: CorrectionEngine, prompt, scene: str, max_tokens: int) -> str:
    return "".join([piece.text async for piece in engine.explain(prompt, scene, max_tokens)])


@pytest.mark.parametrize("counts", [(96, 64, 128), (96, 64, 1), (0, 64, 0), (0, 0, 0)])
async def test_vllm_and_transformers_agree_on_the_trajectory(
    engine, transformers_model, make_prompt, reference, counts
):
    for seed in range(3):
        prompt = make_prompt(seed, counts, instruction="keep the lane")
        offset_m, scale_m = reference(transformers_model, prompt)
        prediction = await engine.predict(prompt, new_scene())
        np.testing.assert_allclose(prediction.offset_ego_m, offset_m, rtol=0, atol=1e-3)
        np.testing.assert_allclose(prediction.scale_m, scale_m, rtol=0, atol=1e-3)


async def test_scene_proposal_and_instruction_all_move_the_trajectory(engine, make_prompt):
    one = await engine.predict(make_prompt(1), new_scene())
    for other in (make_prompt(2), make_prompt(1, instruction="turn right"), make_prompt(1, (0, 64, 100))):
        prediction = await engine.predict(other, new_scene())
        assert np.abs(prediction.offset_ego_m - one.offset_ego_m).max() > 5e-3


async def test_requests_at_once_do_not_mix(engine, make_prompt):
    prompts = [make_prompt(seed, (96, 64, 20 + 8 * seed)) for seed in range(12)]
    alone = [await engine.predict(prompt, new_scene()) for prompt in prompts]
    together = await asyncio.gather(*(engine.predict(prompt, new_scene()) for prompt in prompts))
    for single, batched in zip(alone, together, strict=True):
        np.testing.assert_allclose(batched.offset_ego_m, single.offset_ego_m, rtol=0, atol=1e-3)
    assert np.ptp([prediction.offset_ego_m[0, 0] for prediction in together]) > 1e-2


async def test_a_caller_hears_that_its_request_was_sent_before_the_answer_is_there(engine, make_prompt):
    sent = asyncio.Event()
    predicting = asyncio.create_task(engine.predict(make_prompt(6), new_scene(), sent))
    await sent.wait()
    assert not predicting.done()
    assert engine.usage.running == 1
    await predicting


async def test_another_proposal_for_the_same_scene_is_not_taken_from_the_cache(engine, make_prompt):
    first, second = make_prompt(3), make_prompt(4)
    second = type(second)(first.token_ids, {**first.tokens, "plan": second.tokens["plan"]})
    scene = new_scene()
    cached_scene = [await engine.predict(prompt, scene) for prompt in (first, second)]
    fresh = await engine.predict(second, new_scene())
    np.testing.assert_allclose(cached_scene[1].offset_ego_m, fresh.offset_ego_m, rtol=0, atol=1e-3)
    assert np.abs(cached_scene[0].offset_ego_m - fresh.offset_ego_m).max() > 1e-3


async def test_the_explanation_continues_the_cached_prompt(engine, make_prompt, make_explanation_prompt):
    prompt, scene = make_prompt(4, (96, 64, 120)), new_scene()
    await engine.predict(prompt, scene)
    before = engine.usage.cached_prompt_tokens
    text = await text_of(engine, make_explanation_prompt(prompt), scene, 12)
    assert text
    assert engine.usage.cached_prompt_tokens - before >= 256


async def test_an_explanation_never_holds_special_tokens(engine, make_prompt, make_explanation_prompt):
    for seed in range(6):
        prompt = make_explanation_prompt(make_prompt(seed), "Change: none")
        assert "<|" not in await text_of(engine, prompt, new_scene(), 48)


async def test_explanations_are_greedy_unless_sampling_is_asked_for(engine, make_prompt, make_explanation_prompt):
    prompt, scene = make_explanation_prompt(make_prompt(7)), new_scene()

    async def said(*sampling: Sampling) -> str:
        return "".join([piece.text async for piece in engine.explain(prompt, scene, 24, *sampling)])

    assert await said() == await said(Sampling()) == await said(Sampling(1.0, top_p=1e-6))
    drawn = [await said(Sampling(1.5, seed=seed)) for seed in (1, 1, 2, 3)]
    assert drawn[0] == drawn[1]
    assert len(set(drawn)) > 1
    assert not any("<|" in text for text in drawn)


async def test_cancelled_callers_free_their_slots(engine, make_prompt, make_explanation_prompt):
    slots = engine.settings.max_num_seqs
    long_prompts = [make_explanation_prompt(make_prompt(seed)) for seed in range(slots)]
    busy = [asyncio.create_task(text_of(engine, prompt, new_scene(), 500)) for prompt in long_prompts]
    waiting = asyncio.create_task(engine.predict(make_prompt(9), new_scene()))
    done, _ = await asyncio.wait([*busy, waiting], timeout=1.0)
    assert not done, "the slots were not full"
    for task in busy:
        task.cancel()
    await asyncio.wait_for(waiting, timeout=2.0)
    await asyncio.gather(*busy, return_exceptions=True)
    assert engine.usage.running == 0


async def test_a_reader_that_leaves_early_frees_its_slot(engine, make_prompt, make_explanation_prompt):
    prompt = make_explanation_prompt(make_prompt(0))
    pieces = engine.explain(prompt, new_scene(), 500)
    await anext(pieces)
    assert engine.usage.running == 1
    await pieces.aclose()
    assert engine.usage.running == 0


async def test_ctrl_c_of_the_terminal_does_not_reach_the_engine_process(engine):
    engines = [child for child in psutil.Process().children() if "EngineCore" in child.name()]
    assert engines
    assert all(os.getpgid(child.pid) == child.pid != os.getpgrp() for child in engines)
    assert engine.is_ready()
