"""Byte-level BPE tokenizer of the built-in tiny Llama, trained on templated driving sentences."""

from collections.abc import Iterator
from itertools import product

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from llm_service.modeling.special_tokens import CHAT_TOKENS, END_TOKEN, PAD_TOKEN, trajectory_tokens

VOCABULARY_SIZE = 1024
CHAT_TEMPLATE = (
    "{% for message in messages %}{{ '<|' + message['role'] + '|>' + message['content'] + '<|end|>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)

_AGENTS = (
    "car", "truck", "bus", "trailer", "construction vehicle", "motorcycle", "bicycle", "pedestrian", "traffic cone",
    "barrier", "cyclist", "child", "vehicle",
)  # fmt: skip
_PLACES = (
    "ahead", "on the left", "on the right", "behind", "in the lane", "at the crossing", "near the stop line",
    "at the junction", "beside the road",
)  # fmt: skip
_MOTIONS = (
    "is stopped", "is braking", "is turning", "is crossing", "pulls out", "drives slowly", "keeps its lane",
    "moves towards the ego vehicle", "is too close",
)  # fmt: skip
_ACTIONS = (
    "slows down", "brakes earlier", "keeps more distance", "moves to the left", "moves to the right", "keeps its lane",
    "stays inside the drivable area", "turns more smoothly", "speeds up a little", "stops before the line",
    "follows the lane centre", "gives way", "avoids a collision", "waits",
)  # fmt: skip
_REASONS = (
    "because the proposal leaves the road", "because the proposal is too fast for the curve",
    "because the proposal would collide with", "because the gap is too small", "so that the ride is comfortable",
    "because the proposal is already safe", "so that acceleration and jerk stay within limits",
)  # fmt: skip
_TEMPLATE_LINES = (
    "You correct the planned trajectory of a car.",
    "Command: left\nSpeed 5.2 m/s, acceleration 0.1, yaw rate 0.02\nProposal: 2.5,0.0 -5.1,0.2 7.7,-0.4",
    "Command: straight\nCommand: right\nInstruction: keep the lane and drive slowly, please.",
    "\nAnswer: 2.5,0.0 5.1,-0.2\nStatus: corrected\nReason:",
    "\nAnswer: 2.5,0.0\nStatus: kept_proposal\nReason: The proposal is kept.",
)


def driving_sentences() -> Iterator[str]:
    """A small corpus: what agents do, what the corrected trajectory does about it, and the prompt's own words."""
    for agent, place, motion in product(_AGENTS, _PLACES, _MOTIONS):
        yield f"The {agent} {place} {motion}."
    for action, reason in product(_ACTIONS, _REASONS):
        yield f"The correction {action} {reason}."
        yield f"Please make sure that the car {action}, {reason}."
    for agent, action, place in product(_AGENTS, _ACTIONS, _PLACES):
        yield f"A {agent} {place}: the corrected trajectory {action}."
    yield from _TEMPLATE_LINES * 100


def train_tokenizer(num_waypoints: int) -> PreTrainedTokenizerFast:
    """A tokenizer of at most `VOCABULARY_SIZE` tokens; digits are tokens of their own.

    Training counts pairs and breaks ties by order, so the result is the same each time.
    """
    added = [*CHAT_TOKENS, *trajectory_tokens(num_waypoints)]
    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    backend.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY_SIZE - len(added),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    backend.train_from_iterator(driving_sentences(), trainer)
    backend.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in added])
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        eos_token=END_TOKEN,
        pad_token=PAD_TOKEN,
        chat_template=CHAT_TEMPLATE,
        clean_up_tokenization_spaces=False,
    )
