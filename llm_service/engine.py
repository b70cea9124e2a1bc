"""One vLLM engine: the trajectory after a single prefill, then the explanation as a second request."""

import asyncio
import gc
import hashlib
import itertools
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from llm_service.checkpoint import ADAPTER_DIRECTORY, check_checkpoint
from llm_service.engine_settings import EngineSettings, engine_arguments, prepare_environment
from llm_service.modeling.channel import numbers_from_logits
from llm_service.modeling.special_tokens import PLAN_MODALITY, VECTOR_MODALITY
from llm_service.prompt import CorrectionPrompt

if TYPE_CHECKING:
    from vllm import RequestOutput, SamplingParams
    from vllm.v1.engine.async_llm import AsyncLLM

    from llm_service.modeling.motion_prior import MotionPrior

DRAIN_SECONDS = 5.0
STOP_SECONDS = 20.0
"""An engine process takes 1 to 5 s to end in order; after this long vLLM kills it."""


class EngineUnavailable(Exception):
    """The engine is not running: not started, shut down, or its process died."""


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """What the trajectory head says, and the motion prior where there is one.

    Attributes:
        offset_ego_m: float64 [T, 2], correction minus proposal in the ego frame, metres.
        scale_m: float64 [T], Laplace scale of each corrected waypoint, metres.
    """

    offset_ego_m: NDArray[np.float64]
    scale_m: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ExplanationPiece:
    """Some text, and in the last piece why it ended: by itself, at its length limit, or at a deadline.

    Attributes:
        text: What is said.
        finish: None but in the last piece.
        draft: What the model wrote, where `text` is that held to the facts.
    """

    text: str
    finish: Literal["stop", "length", "deadline"] | None = None
    draft: str = ""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How words are chosen.

    Attributes:
        temperature: Logits are divided by it; 0: the likeliest word always.
        top_p: Words are drawn from the likeliest of this total probability.
        seed: Of the draws; None: another each time.
    """

    temperature: float = 0.0
    top_p: float = 1.0
    seed: int | None = None


GREEDY = Sampling()


@dataclass(slots=True)
class EngineUsage:
    """Requests that run now, and prompt tokens of finished ones that came from the prefix cache."""

    running: int = 0
    cached_prompt_tokens: int = 0


class CorrectionEngine:
    """Predictions and explanations from one `AsyncLLM`. A cancelled caller's request is aborted in the engine."""

    def __init__(
        self,
        engine: "AsyncLLM",
        launcher: ThreadPoolExecutor,
        settings: EngineSettings,
        adapter: Path | None,
        motion_prior: "MotionPrior | None",
    ) -> None:
        from vllm.lora.request import LoRARequest

        self._engine: AsyncLLM | None = engine
        self._launcher = launcher
        self._channel_ids: list[int] = engine.model_config.hf_config.traj_channel_ids
        self._adapter = LoRARequest("adapter", 1, str(adapter)) if adapter else None
        self._motion_prior = motion_prior
        self._request_ids = itertools.count()
        self._stopping = False
        self.settings = settings
        self.usage = EngineUsage()

    @classmethod
    async def start(cls, llm_directory: Path, settings: EngineSettings) -> "CorrectionEngine":
        """Checks the checkpoint strictly, then starts vLLM on it (15 s or more).

        Raises:
            CheckpointError: A tensor is missing, unexpected or of another shape.
        """
        prepare_environment(settings)
        check_checkpoint(llm_directory)
        motion_prior = _motion_prior(llm_directory)
        # A thread that lives as long as the engine: the kernel ends the engine process with the thread that began it.
        launcher = ThreadPoolExecutor(1, thread_name_prefix="engine-launcher")
        try:
            engine = await asyncio.get_running_loop().run_in_executor(launcher, _launch, llm_directory, settings)
        except BaseException:
            launcher.shutdown(wait=False)
            raise
        adapter = llm_directory / ADAPTER_DIRECTORY
        started = cls(engine, launcher, settings, adapter if adapter.exists() else None, motion_prior)
        if started._adapter:
            await engine.add_lora(started._adapter)
        return started

    async def predict(self, prompt: CorrectionPrompt, scene_uuid: str, sent: asyncio.Event | None = None) -> Prediction:
        """The head's numbers after one prefill, and what the motion prior adds.

        Args:
            prompt: A correction prompt.
            scene_uuid: Names the scene's embeddings in the prefix cache: equal only where they are equal.
            sent: Is set when the engine has the request and this process has time.

        Raises:
            EngineUnavailable: The engine is not running.
        """
        async with aclosing(self._run(prompt, scene_uuid, self._prediction_params(), sent)) as outputs:
            async for output in outputs:
                logits = output.outputs[0].logprobs[0]  # ty: ignore[not-subscriptable]
        numbers = numbers_from_logits([logits[token_id].logprob for token_id in self._channel_ids])
        return _prediction(numbers, self._motion_prior, prompt)

    async def explain(
        self, prompt: CorrectionPrompt, scene_uuid: str, max_tokens: int, sampling: Sampling = GREEDY
    ) -> AsyncGenerator[ExplanationPiece]:
        """Pieces of text as the engine writes them; the prompt's prefix comes from the cache.

        Args:
            prompt: An explanation prompt.
            scene_uuid: As of `predict`.
            max_tokens: Longest text.
            sampling: Serving takes the likeliest words, so that equal requests get equal answers.

        Raises:
            EngineUnavailable: The engine is not running.
        """
        async with aclosing(self._run(prompt, scene_uuid, _explanation_params(max_tokens, sampling))) as outputs:
            async for output in outputs:
                (completion,) = output.outputs
                yield ExplanationPiece(completion.text, completion.finish_reason)  # ty: ignore[invalid-argument-type]

    def is_ready(self) -> bool:
        """Whether requests are accepted."""
        return self._running_engine() is not None

    def _running_engine(self) -> "AsyncLLM | None":
        engine = None if self._stopping else self._engine
        return engine if engine is not None and engine.is_running and not engine.errored else None

    async def shutdown(self) -> None:
        """Refuses new requests, waits up to `DRAIN_SECONDS` for running ones, and ends the engine process."""
        if self._stopping:
            return
        self._stopping = True
        deadline = asyncio.get_running_loop().time() + DRAIN_SECONDS
        while self.usage.running and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.02)
        engine, self._engine = self._engine, None
        await asyncio.to_thread(engine.shutdown, STOP_SECONDS)  # ty: ignore[missing-union-attribute]
        del engine
        gc.collect()  # AsyncLLM sits in reference cycles and its `__del__` fails once the interpreter is ending.
        self._launcher.shutdown()

    async def _run(
        self, prompt: CorrectionPrompt, scene_uuid: str, params: "SamplingParams", sent: asyncio.Event | None = None
    ) -> AsyncGenerator["RequestOutput"]:
        from vllm.v1.engine.exceptions import EngineDeadError

        engine = self._running_engine()
        if engine is None:
            raise EngineUnavailable("the engine is not running")
        self.usage.running += 1
        try:
            (rendered,) = await engine.renderer.render_cmpl_async([_engine_prompt(prompt, scene_uuid)])  # ty: ignore[invalid-argument-type]
            request_id = str(next(self._request_ids))
            outputs = engine.generate(rendered, params, request_id, lora_request=self._adapter)
            if sent is not None:
                # The generator's first step, which is next, sends the request before it waits.
                asyncio.get_running_loop().call_soon(sent.set)
            async with aclosing(outputs):
                async for output in outputs:
                    if output.finished:
                        self.usage.cached_prompt_tokens += output.num_cached_tokens or 0
                    yield output
        except EngineDeadError as error:
            raise EngineUnavailable("the engine process died") from error
        finally:
            self.usage.running -= 1

    def _prediction_params(self) -> "SamplingParams":
        from vllm import SamplingParams
        from vllm.sampling_params import RequestOutputKind

        return SamplingParams(
            temperature=0.0,
            max_tokens=1,
            logprob_token_ids=self._channel_ids,
            detokenize=False,
            output_kind=RequestOutputKind.FINAL_ONLY,
        )


def _explanation_params(max_tokens: int, sampling: Sampling) -> "SamplingParams":
    from vllm import SamplingParams
    from vllm.sampling_params import RequestOutputKind

    return SamplingParams(
        temperature=sampling.temperature,
        top_p=sampling.top_p,
        seed=sampling.seed,
        max_tokens=max_tokens,
        output_kind=RequestOutputKind.DELTA,
    )


def _launch(llm_directory: Path, settings: EngineSettings) -> "AsyncLLM":
    from vllm.engine.arg_utils import AsyncEngineArgs
    from vllm.v1.engine.async_llm import AsyncLLM

    from llm_service.modeling.vllm_plugin import register

    register()
    arguments = AsyncEngineArgs(**engine_arguments(llm_directory, settings))  # ty: ignore[invalid-argument-type]
    return AsyncLLM.from_engine_args(arguments)


def _engine_prompt(prompt: CorrectionPrompt, scene_uuid: str) -> dict[str, object]:
    return {
        "prompt_token_ids": prompt.token_ids,
        "multi_modal_data": {name: [values] for name, values in prompt.tokens.items()},
        "multi_modal_uuids": {
            name: [_content_digest(values) if name == PLAN_MODALITY else f"{scene_uuid}-{name}"]
            for name, values in prompt.tokens.items()
        },
    }


def _content_digest(values: torch.Tensor) -> str:
    """Name of an embedding that belongs to a request, not to a scene; without it vLLM would hash all of them."""
    return hashlib.blake2b(values.numpy().tobytes(), digest_size=16).hexdigest()


def _motion_prior(llm_directory: Path) -> "MotionPrior | None":
    from llm_service.modeling.motion_prior import load_motion_prior

    return load_motion_prior(llm_directory)


def _prediction(numbers: NDArray[np.float64], prior: "MotionPrior | None", prompt: CorrectionPrompt) -> Prediction:
    from llm_service.modeling.motion_prior import corrected

    plan, scene = prompt.tokens[PLAN_MODALITY], prompt.tokens.get(VECTOR_MODALITY)
    offset_m, scale_m = corrected(torch.from_numpy(numbers)[None], prior, [plan], [scene])
    return Prediction(offset_m[0].numpy(), scale_m[0].numpy())
