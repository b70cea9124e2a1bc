"""Prompts of questions after an explanation: the same ids, then the model's words, then the user's next turn."""

from transformers import PreTrainedTokenizerFast

from llm_service.prompt import CorrectionPrompt, plain_text_tokenizer
from waymend.errors import InvalidField

_ANSWER_MARK, _QUESTION_MARK = "\N{SYMBOL FOR SUBSTITUTE}", "\N{SYMBOL FOR ESCAPE}"
_LONGEST_TOKEN_CHARACTERS = 32


class FollowUpPrompts:
    """Continues conversations in the tokenizer's own chat template.

    Only the template's text may become special tokens. Words of the user and of the model are tokenised apart from it
    and read as plain text, so a question that spells out a special token gets no such token.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerFast, max_question_tokens: int = 128) -> None:
        self._plain = plain_text_tokenizer(tokenizer)
        self._reserved_ids = frozenset(tokenizer.get_added_vocab().values()) | set(tokenizer.all_special_ids)
        self._max_question_tokens = max_question_tokens
        between, after = _turns(tokenizer)
        self._between = tokenizer.encode(between, add_special_tokens=False)
        self._after = tokenizer.encode(after, add_special_tokens=False)

    def question(self, prompt: CorrectionPrompt, said: str, question: str) -> CorrectionPrompt:
        """What the model reads next.

        Args:
            prompt: What it read last: an explanation prompt, or one of these.
            said: What it wrote then.
            question: Of the user; becomes one line.

        Raises:
            InvalidField: The question is empty or too long.
        """
        ids = [*self._plain_ids(said), *self._between, *self._question_ids(question), *self._after]
        return CorrectionPrompt(prompt.token_ids + ids, prompt.tokens)

    def _question_ids(self, question: str) -> list[int]:
        line, limit = " ".join(question.split()), self._max_question_tokens
        expected = f"from 1 to {limit} tokens"
        if not 0 < len(line) <= _LONGEST_TOKEN_CHARACTERS * limit:
            raise InvalidField("question", expected, f"{len(line)} characters")
        ids = self._plain_ids(line)
        if len(ids) > limit:
            raise InvalidField("question", expected, f"{len(ids)} tokens")
        if not self._reserved_ids.isdisjoint(ids):
            raise InvalidField("question", "text without special tokens", question)
        return ids

    def _plain_ids(self, text: str) -> list[int]:
        return self._plain.encode(text, add_special_tokens=False).ids


def _turns(tokenizer: PreTrainedTokenizerFast) -> tuple[str, str]:
    """What the template sets between an answer and the next question, and between that and its answer."""
    messages = [
        {"role": "system", "content": "-"},
        {"role": "user", "content": "-"},
        {"role": "assistant", "content": _ANSWER_MARK},
        {"role": "user", "content": _QUESTION_MARK},
    ]
    text: str = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)  # ty: ignore[invalid-assignment]
    between, after = text.partition(_ANSWER_MARK)[2].split(_QUESTION_MARK)
    return between, after
