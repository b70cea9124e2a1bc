"""Byte-level BPE tokenizer of the built-in tiny Llama, whose tokens are the words and numbers that it has to say.

A number such as 12.3 is one token, so that to repeat a measurement is to repeat a token.
"""

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from llm_service.modeling.special_tokens import CHAT_TOKENS, END_TOKEN, PAD_TOKEN, trajectory_tokens
from training.tiny.corpus import driving_texts

VOCABULARY_SIZE = 2560
_WORDS = Regex(r"\d{1,2}\.\d|\d{1,3}| ?\p{L}+| ?[^\s\p{L}\d]+|\s")
"""A number to one decimal, a whole number, a word or marks with the space before them, white space."""
CHAT_TEMPLATE = (
    "{% for message in messages %}{{ '<|' + message['role'] + '|>' + message['content'] + '<|end|>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)


def train_tokenizer(num_waypoints: int) -> PreTrainedTokenizerFast:
    """A tokenizer of at most `VOCABULARY_SIZE` tokens.

    Training counts pairs and breaks ties by order, so the result is the same each time.
    """
    added = [*CHAT_TOKENS, *trajectory_tokens(num_waypoints)]
    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(_WORDS, "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
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
