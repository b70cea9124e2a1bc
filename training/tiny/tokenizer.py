"""Byte-level BPE tokenizer of the built-in tiny Llama, whose tokens are the words that it has to say."""

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from llm_service.modeling.special_tokens import CHAT_TOKENS, END_TOKEN, PAD_TOKEN, trajectory_tokens
from training.tiny.corpus import driving_texts

VOCABULARY_SIZE = 1280
CHAT_TEMPLATE = (
    "{% for message in messages %}{{ '<|' + message['role'] + '|>' + message['content'] + '<|end|>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)


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
    backend.train_from_iterator(driving_texts(), trainer)
    backend.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in added])
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        eos_token=END_TOKEN,
        pad_token=PAD_TOKEN,
        chat_template=CHAT_TEMPLATE,
        clean_up_tokenization_spaces=False,
    )
