"""The head after one prefill against the same model writing the same waypoints as text with transformers.

Its prompt holds the proposal in words, as such a model needs it, and its answer is written as the planners that answer
in text write theirs (GPT-Driver, Agent-Driver): a list of points to a centimetre.
"""

import time
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AutoTokenizer

from benchmarks.table import percentile_ms
from benchmarks.workload import EGO_STATE, HORIZON, proposal
from llm_service.modeling.configuration import TrajectoryLlamaConfig
from llm_service.modeling.plan_features import plan_features
from llm_service.modeling.transformers_model import TrajectoryLlamaForCausalLM
from llm_service.prompt import CorrectionPrompt, PromptBuilder, expand_placeholders, question_text
from perception_service.client import Embedding

_RUNS = 2
_THREADS = (1, 2)


class TextBaseline:
    """Writes trajectories in rounds, so that what it is compared with can run in between.

    Attributes:
        answer_tokens: Length of one answer.
    """

    def __init__(self, llm_directory: Path, embedding: Embedding) -> None:
        self._tokenizer = AutoTokenizer.from_pretrained(llm_directory)
        self._model = TrajectoryLlamaForCausalLM.from_pretrained(llm_directory).eval()
        self._prompts = PromptBuilder(self._tokenizer, TrajectoryLlamaConfig.from_pretrained(llm_directory))  # ty: ignore[invalid-argument-type]
        arrays = {"image": embedding.image_tokens, "bev": embedding.bev_tokens, "vector": embedding.vector_tokens}
        self._tokens = {name: torch.from_numpy(np.array(array)) for name, array in arrays.items()}
        self._durations_s: dict[int, list[float]] = {threads: [] for threads in _THREADS}
        self.answer_tokens = len(self._ids(_answer(proposal(seed=0))))
        self._generate(seed=0)

    @property
    def p50_ms(self) -> float:
        """Until the last waypoint is written, over all rounds, at the better number of threads."""
        return min(percentile_ms(durations_s) for durations_s in self._durations_s.values())

    def run_round(self, first_seed: int) -> None:
        """A few trajectories at each number of threads."""
        threads_before = torch.get_num_threads()
        for threads, durations_s in self._durations_s.items():
            torch.set_num_threads(threads)
            durations_s += [self._generate(first_seed + run) for run in range(_RUNS)]
        torch.set_num_threads(threads_before)

    def _generate(self, seed: int) -> float:
        planned = proposal(seed)
        prompt = self._prompt(planned)
        answer_tokens = len(self._ids(_answer(planned)))
        started = time.perf_counter()
        input_ids = torch.tensor([expand_placeholders(prompt, self._model.config)])
        with torch.inference_mode():
            embeds = self._model.embed(input_ids, {name: [values] for name, values in prompt.tokens.items()})
            self._model.generate(
                inputs_embeds=embeds, min_new_tokens=answer_tokens, max_new_tokens=answer_tokens, do_sample=False
            )
        return time.perf_counter() - started

    def _prompt(self, planned: NDArray[np.float64]) -> CorrectionPrompt:
        plan = plan_features(planned, HORIZON.step_s, EGO_STATE, "straight")
        scene = self._prompts.correction(self._tokens, plan, instruction="")
        question = question_text(planned, EGO_STATE, "straight") + "\nAnswer:"
        return CorrectionPrompt([*scene.token_ids, *self._ids(question)], scene.tokens)

    def _ids(self, text: str) -> list[int]:
        return self._tokenizer.encode(text, add_special_tokens=False)  # ty: ignore[missing-union-attribute]


def _answer(trajectory_ego_m: NDArray[np.float64]) -> str:
    return "[" + ", ".join(f"({x:.2f},{y:.2f})" for x, y in trajectory_ego_m) + "]"
