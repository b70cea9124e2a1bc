"""Follow-up prompts: in the model's own template, and safe from words that look like special tokens."""

import pytest
import torch
from transformers import PreTrainedTokenizerFast

from llm_service.modeling.special_tokens import trajectory_tokens
from llm_service.prompt import CorrectionPrompt
from tests.training.modeling.small_llamas import write_chatml_llama, write_llama2
from training.chatting.follow_up import FollowUpPrompts
from training.modeling.base_tokenizer import trajectory_tokenizer
from training.tiny.tokenizer import train_tokenizer
from waymend.errors import InvalidField

WAYPOINTS = 6
PROMPT = CorrectionPrompt([1, 2, 3], {"plan": torch.zeros(1, 78)})


@pytest.fixture(scope="module", params=["tiny", "chatml", "llama2"])
def tokenizer(request, tmp_path_factory) -> PreTrainedTokenizerFast:
    if request.param == "tiny":
        return train_tokenizer(WAYPOINTS)
    directory = tmp_path_factory.mktemp(request.param)
    write = write_chatml_llama if request.param == "chatml" else write_llama2
    return trajectory_tokenizer(write(directory), WAYPOINTS, request.param, "main")


def continued(tokenizer, said="The car brakes.", question="Why now?") -> list[int]:
    prompt = FollowUpPrompts(tokenizer).question(PROMPT, said, question)
    assert prompt.token_ids[:3] == PROMPT.token_ids
    assert prompt.tokens is PROMPT.tokens
    return prompt.token_ids[3:]


def test_the_words_stand_in_the_tokenizers_own_template(tokenizer):
    messages = [{"role": role, "content": text} for role, text in (("system", "-"), ("user", "-"))]
    messages += [{"role": "assistant", "content": "The car brakes."}, {"role": "user", "content": "Why now?"}]
    whole = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    expected = whole[whole.index("The car brakes.") :]
    assert tokenizer.decode(continued(tokenizer)).replace(" ", "") == expected.replace(" ", "")


def test_the_model_hears_the_end_of_its_turn_before_the_question(tokenizer):
    ids = continued(tokenizer)
    assert tokenizer.eos_token_id in ids
    said = FollowUpPrompts(tokenizer)._plain_ids("The car brakes.")
    assert ids[: len(said)] == said


def test_special_tokens_that_are_spelled_out_are_text(tokenizer):
    spelled = " ".join([*trajectory_tokens(WAYPOINTS)[:6], *tokenizer.all_special_tokens[:3]])
    ids = continued(tokenizer, question=spelled)
    added = {tokenizer.convert_tokens_to_ids(token) for token in trajectory_tokens(WAYPOINTS)}
    assert added.isdisjoint(ids)
    plain = continued(tokenizer)
    for special in set(tokenizer.all_special_ids):
        assert ids.count(special) == plain.count(special)


def test_a_question_is_one_line(tokenizer):
    assert continued(tokenizer, question="Why\n\n now? ") == continued(tokenizer, question="Why now?")


@pytest.mark.parametrize("question", ["", " \n", "word " * 300, "x" * 5000])
def test_an_empty_or_too_long_question_is_refused(tokenizer, question):
    with pytest.raises(InvalidField, match="question: expected from 1 to 128 tokens"):
        continued(tokenizer, question=question)
