"""The tokenizer of a base model with the trajectory model's tokens in it."""

from pathlib import Path

from tokenizers import AddedToken
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from llm_service.modeling.special_tokens import PAD_TOKEN, trajectory_tokens
from training.modeling.chat_templates import CHAT_TEMPLATES, chat_template
from waymend.errors import InvalidField


def trajectory_tokenizer(
    source: str | Path, num_waypoints: int, template: str | None, revision: str
) -> PreTrainedTokenizerFast:
    """A base model's tokenizer, extended; the added tokens come last, and the channels among them are consecutive.

    Args:
        source: Directory or hub id.
        num_waypoints: Of a trajectory.
        template: Name of the chat template for a tokenizer that has none of its own.
        revision: On the hub.

    Raises:
        InvalidField: No fast tokenizer, no end token, or no chat template.
    """
    tokenizer = AutoTokenizer.from_pretrained(source, revision=revision)
    if not isinstance(tokenizer, PreTrainedTokenizerFast):
        raise InvalidField("model_name_or_path", "a model with a fast tokenizer", f"{source}: {type(tokenizer)}")
    if tokenizer.eos_token is None:
        raise InvalidField("model_name_or_path", "a tokenizer with an end token", source)
    if tokenizer.chat_template is None:
        tokenizer.chat_template = _template_by_name(template)
    if tokenizer.pad_token is None:
        tokenizer.add_special_tokens({"pad_token": PAD_TOKEN})
    tokens = [AddedToken(token, special=True, normalized=False) for token in trajectory_tokens(num_waypoints)]
    tokenizer.add_tokens(tokens, special_tokens=True)
    return tokenizer


def _template_by_name(name: str | None) -> str:
    if name is None:
        raise InvalidField(
            "template", f"one of {', '.join(CHAT_TEMPLATES)}: the tokenizer has no chat template of its own", name
        )
    return chat_template(name)
