"""Both halves of a bundle in this process, on the path that a served request takes."""

import importlib
import logging
import os
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from transformers import AutoTokenizer, PreTrainedTokenizerFast

from llm_service.correction.corrector import Correction, CorrectionTask, Corrector
from llm_service.correction.explanation import held
from llm_service.correction.received_scene import ReceivedScene, receive_scene
from llm_service.engine import GREEDY, CorrectionEngine, ExplanationPiece, Sampling
from llm_service.engine_settings import EngineSettings, prepare_environment
from llm_service.modeling.configuration import TrajectoryLlamaConfig, register_config
from llm_service.prompt import CorrectionPrompt, PromptBuilder, expand_placeholders
from llm_service.verifier import EgoDimensions, Verifier, VerifierLimits
from perception_service.bundle import load_pipeline
from perception_service.client.embedding import TokenSet, embedding_from_message
from perception_service.limits import FrameLimits
from perception_service.pipeline import PerceptionPipeline
from perception_service.scene import Scene
from perception_service.wire.decode import decode_frame
from perception_service.wire.encode import embedding_message
from training.serving.event_loop_thread import EventLoopThread
from waymend.bundle import Bundle, Contract, open_bundle
from waymend.frames import FrameDirectory
from waymend.perception.v1 import embedding_pb2

_LONGEST_CONTEXT = 2048
_KV_CACHE_BYTES = 256 << 20


class LocalService:
    """Corrects and explains; `local_service` makes one.

    Args:
        bundle: That both halves come from.
        pipeline: Perception.
        engine: Language model.
        loop: That the engine was started in.
    """

    def __init__(
        self, bundle: Bundle, pipeline: PerceptionPipeline, engine: CorrectionEngine, loop: EventLoopThread
    ) -> None:
        self.bundle, self.pipeline, self._engine, self._loop = bundle, pipeline, engine, loop
        self._config = TrajectoryLlamaConfig.from_pretrained(bundle.llm_directory, local_files_only=True)
        self.tokenizer = bundle_tokenizer(bundle)
        prompts = PromptBuilder(self.tokenizer, self._config)
        verifier = Verifier(VerifierLimits(), EgoDimensions())
        horizon, caution = bundle.manifest.contract.trajectory_horizon, self._config.caution
        self._corrector = Corrector(engine, prompts, verifier, horizon, caution)

    def encode(self, frame: FrameDirectory) -> ReceivedScene:
        """What the language model's service receives of a frame; raises InvalidField for a broken one."""
        return received(self.pipeline, decoded(frame), self.bundle.manifest.contract)

    def correct(self, scene: ReceivedScene, task: CorrectionTask) -> Correction:
        """A judged correction.

        Raises:
            EngineUnavailable: The engine has stopped.
            InvalidField: The instruction is too long.
        """
        return self._loop.run(self._corrector.correct(scene, task))

    def write(
        self, prompt: CorrectionPrompt, scene: ReceivedScene, max_tokens: int, sampling: Sampling = GREEDY
    ) -> Iterator[ExplanationPiece]:
        """What the model writes after a prompt; raises EngineUnavailable."""
        return self._loop.iterate(self._engine.explain(prompt, scene.uuid, max_tokens, sampling))

    def explain(
        self, correction: Correction, max_tokens: int, sampling: Sampling = GREEDY
    ) -> Iterator[ExplanationPiece]:
        """The explanation, held to the facts; without sampling the one that the service would give.

        Raises:
            EngineUnavailable: The engine has stopped.
        """
        written = self._corrector.write(correction, max_tokens, sampling)
        return self._loop.iterate(held(written, self._corrector, correction))

    def explanation_prompt(self, correction: Correction) -> CorrectionPrompt:
        """What `explain` asks the model."""
        return self._corrector.explanation_prompt(correction)

    @property
    def longest_context(self) -> int:
        """Most tokens of a prompt and its answer together."""
        return self._engine.settings.max_model_len

    def length(self, prompt: CorrectionPrompt) -> int:
        """Tokens of a prompt, its placeholders expanded."""
        return len(expand_placeholders(prompt, self._config))


def decoded(frame: FrameDirectory) -> Scene:
    """The frame as the perception service decodes it from a message; raises InvalidField."""
    with ThreadPoolExecutor(1) as decoder:
        return decode_frame(frame.message(), FrameLimits(), decoder)


def received(pipeline: PerceptionPipeline, scene: Scene, contract: Contract) -> ReceivedScene:
    """The scene encoded, put into an embedding message, and what the service reads from that."""
    encoded = pipeline.encode(scene)
    message = embedding_message(scene, encoded, contract.contract_id, embedding_pb2.StageTimings())
    token_sets = {name: TokenSet(modality.tokens, modality.width) for name, modality in contract.modalities.items()}
    return receive_scene(embedding_from_message(message, token_sets), contract)


@contextmanager
def local_service(directory: Path) -> Generator[LocalService]:
    """Loads a bundle and starts its engine (15 s or more); stops it however the block ends.

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
            yield LocalService(bundle, pipeline, engine, loop)
        finally:
            logging.getLogger("vllm").setLevel(logging.CRITICAL)  # That its process ends would be logged as an error.
            loop.run(engine.shutdown())


def bundle_tokenizer(bundle: Bundle) -> PreTrainedTokenizerFast:
    """The tokenizer of a bundle's language model."""
    return AutoTokenizer.from_pretrained(bundle.llm_directory, local_files_only=True)  # ty: ignore[invalid-explicit-return]


def _import_vllm(settings: EngineSettings) -> None:
    """Imports it before the engine is started.

    Errors that are caught within its import live on, with the frames that began it. Were one of those the engine's,
    the engine would outlive its shutdown, and its `__del__` fails once the interpreter is ending.
    """
    os.environ.setdefault("VLLM_LOGGING_LEVEL", "ERROR")  # The terminal belongs to the program.
    prepare_environment(settings)
    importlib.import_module("vllm.v1.engine.async_llm")
