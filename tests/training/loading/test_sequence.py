"""Token ids against what the service builds for the same request."""

import pytest
import torch

from llm_service.modeling.plan_features import plan_features
from llm_service.modeling.special_tokens import END_TOKEN
from llm_service.prompt import SYSTEM_TEXT, PromptBuilder, expand_placeholders
from training.loading.correction_case import CorrectionCase
from training.loading.sequence import NOT_A_LABEL, SequenceBuilder
from waymend.errors import InvalidField

COUNTS = {"image": 96, "bev": 64, "vector": 21}


@pytest.fixture
def cases(rows):
    return [CorrectionCase.of_row(row) for row in rows.conversations]


@pytest.fixture
def build(tokenizer, llm_config):
    def of_case(case, counts=COUNTS, cutoff_len=1024):
        plan = plan_features(case.proposal_ego_m, 0.5, case.ego_state, case.command)
        return SequenceBuilder(tokenizer, llm_config, cutoff_len)(case, plan, counts)

    return of_case


def served_ids(tokenizer, llm_config, case, counts=COUNTS):
    """Ids of the service's explanation request, whose beginning is its correction request."""
    tokens = {name: torch.zeros(count, 256, dtype=torch.float16) for name, count in counts.items()}
    prompts = PromptBuilder(tokenizer, llm_config)
    plan = plan_features(case.proposal_ego_m, 0.5, case.ego_state, case.command)
    correction = prompts.correction(tokens, plan, case.instruction)
    explanation = prompts.explanation(
        correction,
        proposal_ego_m=case.proposal_ego_m,
        ego_state=case.ego_state,
        command=case.command,
        trajectory_ego_m=case.proposal_ego_m if case.kept else case.truth_ego_m,
        findings=case.findings,
    )
    assert correction.token_ids[-1] == llm_config.traj_token_id
    return expand_placeholders(explanation, llm_config)


def test_the_prompt_is_the_service_s_token_for_token(cases, build, tokenizer, llm_config):
    as_served = [case for case in cases if case.system_text == SYSTEM_TEXT]
    assert {case.kept for case in as_served} == {True, False}
    for case in as_served:
        expected = served_ids(tokenizer, llm_config, case)
        assert build(case).input_ids[: len(expected)].tolist() == expected


def test_without_words_a_sequence_is_the_correction_request(cases, tokenizer, llm_config):
    case = next(case for case in cases if case.system_text == SYSTEM_TEXT)
    plan = plan_features(case.proposal_ego_m, 0.5, case.ego_state, case.command)
    bare = SequenceBuilder(tokenizer, llm_config, 1024, words=False)(case, plan, COUNTS, further_plans=2)
    own = bare.input_ids[bare.segments <= 1].tolist()
    whole = served_ids(tokenizer, llm_config, case)
    assert own == whole[: whole.index(llm_config.traj_token_id) + 1]
    assert (bare.labels == NOT_A_LABEL).all()
    assert (bare.input_ids == llm_config.traj_token_id).sum() == 3


@pytest.mark.parametrize("counts", [{}, {"bev": 64}, {"image": 96, "vector": 5}])
def test_a_modality_that_is_not_shown_has_no_placeholders(cases, build, tokenizer, llm_config, counts):
    case = next(case for case in cases if case.system_text == SYSTEM_TEXT)
    ids = build(case, counts).input_ids
    expected = served_ids(tokenizer, llm_config, case, counts)
    assert ids[: len(expected)].tolist() == expected
    for name, token_id in llm_config.modality_token_ids.items():
        assert (ids == token_id).sum() == (counts | {"plan": 1}).get(name, 0)


def test_only_the_explanation_and_its_end_are_labelled(cases, build, tokenizer):
    for case in cases:
        sequence = build(case)
        labelled = sequence.labels != NOT_A_LABEL
        first = int(labelled.nonzero()[0])
        assert labelled[first:].all()
        assert torch.equal(sequence.labels[first:], sequence.input_ids[first:])
        assert tokenizer.decode(sequence.labels[first:]) == f" {case.reason}{END_TOKEN}"
        assert tokenizer.decode(sequence.input_ids[:first]).endswith("\nReason:")


def test_one_trajectory_token_stands_before_the_words(cases, build, tokenizer, llm_config):
    for case in cases:
        ids = build(case).input_ids
        (place,) = (ids == llm_config.traj_token_id).nonzero().flatten().tolist()
        assert tokenizer.decode(ids[place + 1 :]).startswith(f"Command: {case.command}\nSpeed")


def test_a_style_that_the_system_text_asks_for_is_in_the_prompt(cases, build, tokenizer):
    styled = [case for case in cases if case.system_text != SYSTEM_TEXT]
    assert styled
    for case in styled:
        assert tokenizer.decode(build(case).input_ids).startswith(f"<|system|>{case.system_text}<|end|><|user|>")


def test_a_long_explanation_is_cut(cases, build):
    whole = build(cases[0])
    prompt_length = int((whole.labels == NOT_A_LABEL).sum())
    cut = build(cases[0], cutoff_len=prompt_length + 3)
    assert cut.input_ids.tolist() == whole.input_ids[: prompt_length + 3].tolist()
    assert (cut.labels != NOT_A_LABEL).sum() == 3


def test_a_prompt_that_does_not_fit_is_refused_with_its_size(cases, build):
    length = int((build(cases[0]).labels == NOT_A_LABEL).sum())
    build(cases[0], cutoff_len=length)
    expected = f"cutoff_len: expected at least {length}, the tokens of the prompt about sample {cases[0].sample_token}"
    with pytest.raises(InvalidField, match=expected):
        build(cases[0], cutoff_len=length - 1)
