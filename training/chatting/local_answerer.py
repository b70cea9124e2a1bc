"""Both halves of a bundle in this process, on the path that a served request takes."""

import importlib
import logging
import os
from collections.abc import AsyncGenerator, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from llm_service.correction.corrector import Correction, CorrectionTask, Corrector
from llm_service.correction.received_scene import ReceivedScene, receive_scene
from llm_service.engine import CorrectionEngine, EngineUnavailable, ExplanationPiece
from llm_service.engine_settings import EngineSettings, prepare_environment
from llm_service.modeling.configuration import TrajectoryLlamaConfig, register_config
from llm_service.prompt import CorrectionPrompt, PromptBuilder, expand_placeholders
from llm_service.verifier import EgoDimensions, Verifier, VerifierLimits
from perception_service.bundle import load_pipeline
from perception_service.client.embedding import TokenSet, embedding_from_message
from perception_service.limits import FrameLimits
from perception_service.pipeline import PerceptionPipeline
from perception_service.wire.decode import decode_frame
from perception_service.wire.encode import embedding_message
from training.chatting.answerer import Answer, AnswerFailed, CheckOutcome
from training.chatting.chat_scene import ChatScene
from training.chatting.event_loop_thread import EventLoopThread
from training.chatting.follow_up import FollowUpPrompts
from waymend.bundle import Bundle, open_bundle
from waymend.errors import InvalidField
from waymend.perception.v1 import embedding_pb2
from waymend.trajectory import Horizon

_LONGEST_CONTEXT = 2048
_KV_CACHE_BYTES = 256 << 20


class LocalAnswerer:
    """Answers from an engine; `local_answerer` makes one.

    Args:
        bundle: That both halves come from.
        pipeline: Perception.
        engine: Language model.
        loop: That the engine was started in.
        max_new_tokens: Longest explanation or answer.
    """

    takes_questions = True

    def __init__(
        self,
        bundle: Bundle,
        pipeline: PerceptionPipeline,
        engine: CorrectionEngine,
        loop: EventLoopThread,
        max_new_tokens: int,
    ) -> None:
        self._bundle, self._pipeline, self._engine, self._loop = bundle, pipeline, engine, loop
        self._max_new_tokens = max_new_tokens
        self._config = TrajectoryLlamaConfig.from_pretrained(bundle.llm_directory, local_files_only=True)
        tokenizer = _tokenizer(bundle)
        self._prompts = PromptBuilder(tokenizer, self._config)
        self._follow_ups = FollowUpPrompts(tokenizer)
        verifier = Verifier(VerifierLimits(), EgoDimensions())
        self._corrector = Corrector(engine, self._prompts, verifier, self.horizon)
        self._received: tuple[ChatScene, ReceivedScene] | None = None
        self._correction: Correction | None = None
        self._prompt: CorrectionPrompt | None = None
        self._said = ""

    @property
    def label(self) -> str:
        """Name and version of the bundle."""
        return f"{self._bundle.manifest.name} {self._bundle.manifest.version}"

    @property
    def trained(self) -> bool:
        """As the manifest tells it."""
        return self._bundle.manifest.trained

    @property
    def horizon(self) -> Horizon:
        """Of the bundle's contract."""
        return self._bundle.manifest.contract.trajectory_horizon

    def correct(self, scene: ChatScene, proposal_ego_m: NDArray[np.float64], instruction: str) -> Answer:
        """Corrects; the scene is encoded once for all corrections in it."""
        task = CorrectionTask(proposal_ego_m, scene.ego_state, scene.command, instruction)
        try:
            self._correction = self._loop.run(self._corrector.correct(self._encoded(scene), task))
        except EngineUnavailable as error:
            raise AnswerFailed(str(error)) from error
        self._prompt, self._said = None, ""
        return _answer(self._correction)

    def explain(self) -> Iterator[str]:
        """The explanation that the service would give."""
        correction = self._correction
        if correction is None:
            raise AnswerFailed("nothing has been corrected yet")
        prompt = self._prompts.explanation(
            correction.prompt,
            proposal_ego_m=correction.task.proposal_ego_m,
            ego_state=correction.task.ego_state,
            command=correction.task.command,
            trajectory_ego_m=correction.decision.trajectory_ego_m,
            status=correction.decision.status,
        )
        return self._write(prompt, correction)

    def ask(self, question: str) -> Iterator[str]:
        """The conversation so far, which began with the explanation, goes on."""
        if self._prompt is None or self._correction is None:
            raise AnswerFailed("nothing has been explained yet")
        return self._write(self._follow_ups.question(self._prompt, self._said, question), self._correction)

    def _write(self, prompt: CorrectionPrompt, correction: Correction) -> Iterator[str]:
        room = self._engine.settings.max_model_len - len(expand_placeholders(prompt, self._config))
        if room < 1:
            longest = self._engine.settings.max_model_len
            raise InvalidField("question", f"a conversation of less than {longest} tokens", "a longer one")
        self._prompt, self._said = prompt, ""
        return self._pieces(self._engine.explain(prompt, correction.scene.uuid, min(self._max_new_tokens, room)))

    def _pieces(self, written: AsyncGenerator[ExplanationPiece]) -> Iterator[str]:
        try:
            for piece in self._loop.iterate(written):
                self._said += piece.text
                yield piece.text
        except EngineUnavailable as error:
            raise AnswerFailed(str(error)) from error

    def _encoded(self, scene: ChatScene) -> ReceivedScene:
        if self._received is None or self._received[0] is not scene:
            self._received = (scene, self._encode(scene))
        return self._received[1]

    def _encode(self, scene: ChatScene) -> ReceivedScene:
        """The scene as an embedding message, and what the service reads from it."""
        contract = self._bundle.manifest.contract
        with ThreadPoolExecutor(1) as decoder:
            decoded = decode_frame(scene.frame.message(), FrameLimits(), decoder)
        encoded = self._pipeline.encode(decoded)
        message = embedding_message(decoded, encoded, contract.contract_id, embedding_pb2.StageTimings())
        token_sets = {name: TokenSet(modality.tokens, modality.width) for name, modality in contract.modalities.items()}
        return receive_scene(embedding_from_message(message, token_sets), contract)


@contextmanager
def local_answerer(directory: Path, max_new_tokens: int) -> Generator[LocalAnswerer]:
    """Loads a bundle and starts its engine (15 s or more); stops it however the block ends.

    Args:
        directory: Of the bundle.
        max_new_tokens: Longest explanation or answer.

    Raises:
        BundleError: It is no good bundle.
    """
    bundle = open_bundle(directory)
    _, pipeline = load_pipeline(directory)
    register_config()
    config = TrajectoryLlamaConfig.from_pretrained(bundle.llm_directory, local_files_only=True)
    settings = EngineSettings(
        max_model_len=min(config.max_position_embeddings, _LONGEST_CONTEXT),
        max_num_seqs=2,
        kv_cache_bytes=_KV_CACHE_BYTES,
    )
    _import_vllm(settings)
    with EventLoopThread() as loop:
        engine = loop.run(CorrectionEngine.start(bundle.llm_directory, settings))
        try:
            yield LocalAnswerer(bundle, pipeline, engine, loop, max_new_tokens)
        finally:
            logging.getLogger("vllm").setLevel(logging.CRITICAL)  # That its process ends would be logged as an error.
            loop.run(engine.shutdown())


def _import_vllm(settings: EngineSettings) -> None:
    """Imports it before the engine is started.

    Errors that are caught within its import live on, with the frames that began it. Were one of those the engine's,
    the engine would outlive its shutdown, and its `__del__` fails once the interpreter is ending.
    """
    os.environ.setdefault("VLLM_LOGGING_LEVEL", "ERROR")  # The terminal belongs to the conversation.
    prepare_environment(settings)
    importlib.import_module("vllm.v1.engine.async_llm")


def _tokenizer(bundle: Bundle) -> PreTrainedTokenizerFast:
    return AutoTokenizer.from_pretrained(bundle.llm_directory, local_files_only=True)  # ty: ignore[invalid-explicit-return]


def _answer(correction: Correction) -> Answer:
    decision = correction.decision
    checks = zip(decision.proposal_report.checks, decision.correction_report.checks, strict=True)
    return Answer(
        trajectory_ego_m=decision.trajectory_ego_m,
        scale_m=correction.scale_m,
        status=decision.status,
        reason=decision.reason,
        checks=[CheckOutcome(after.name, before.status, after.status, after.message) for before, after in checks],
    )
