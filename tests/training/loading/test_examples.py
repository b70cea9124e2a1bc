"""Examples: what is in them, and that they are the same whenever and wherever they are made."""

from dataclasses import fields, replace

import pytest
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from llm_service.modeling.plan_features import plan_features
from training.loading.correction_case import CorrectionCase
from training.loading.examples import CorrectionExamples
from training.loading.feature_cache import cached_features
from training.loading.modality_choice import ModalityChoice
from training.loading.sequence import SequenceBuilder
from waymend.errors import InvalidField
from waymend.trajectory import Horizon

HALF = ModalityChoice(dropout=0.5, seed=1)


def tensors_of(example):
    values = {field.name: getattr(example, field.name) for field in fields(example)}
    return {name: value for name, value in values.items() if isinstance(value, Tensor)}


def assert_equal(example, other):
    mine, others = tensors_of(example), tensors_of(other)
    assert mine.keys() == others.keys()
    for name, value in mine.items():
        assert torch.equal(value, others[name]), name


def shown(examples):
    return torch.stack([example.modality_present for example in examples])


def test_an_example_holds_its_row(make_examples, rows, features):
    examples = make_examples()
    assert len(examples) == len(rows)
    for index in (0, 10, 26):
        row, example = rows.conversations[index], examples[index]
        case = CorrectionCase.of_row(row)
        expected = plan_features(case.proposal_ego_m, 0.5, case.ego_state, case.command)
        torch.testing.assert_close(example.offset_m[0], torch.tensor(row["truth"]) - torch.tensor(row["proposal"]))
        assert torch.equal(example.plan, torch.from_numpy(expected)[None])
        assert torch.equal(example.image_features, features.image(row["sample_token"]))
        assert torch.equal(example.bev_features, features.bev(row["sample_token"]))
        assert example.sensors is None
        assert example.modality_present.tolist() == [True, True, True]


def test_placeholders_are_as_many_as_tokens_are_made(make_examples, llm_config, perception, rows):
    examples = make_examples()
    for index in range(0, len(rows), 9):
        example = examples[index]
        _, real = perception.vector_tokens(example.vector)
        counts = {name: (example.input_ids == i).sum() for name, i in llm_config.modality_token_ids.items()}
        assert counts == {"image": 96, "bev": 64, "vector": real.sum(), "plan": 1}


def test_what_is_left_out_has_no_placeholders_and_keeps_its_features(make_examples, llm_config):
    for example in make_examples(HALF):
        for name, there in zip(("image", "bev", "vector"), example.modality_present, strict=True):
            assert (example.input_ids == llm_config.modality_token_ids[name]).any() == there
        assert example.image_features is not None
        assert example.vector is not None


def test_an_epoch_shows_the_same_again_and_the_next_one_something_else(make_examples):
    examples, again = make_examples(HALF), make_examples(HALF)
    first = list(examples)
    for one, other in zip(reversed(first), [again[i] for i in reversed(range(len(again)))], strict=True):
        assert_equal(one, other)
    examples.set_epoch(1)
    assert not torch.equal(shown(examples), shown(first))
    examples.set_epoch(0)
    assert torch.equal(shown(examples), shown(first))


def test_running_loader_processes_learn_of_the_epoch(make_examples):
    examples, alone = make_examples(HALF), make_examples(HALF)
    loader = DataLoader(examples, batch_size=9, num_workers=2, persistent_workers=True, collate_fn=list)
    for epoch in range(2):
        examples.set_epoch(epoch)
        alone.set_epoch(epoch)
        assert torch.equal(shown([example for batch in loader for example in batch]), shown(alone))


@pytest.mark.parametrize(
    ("enabled", "there"),
    [
        ((True, False, False), {"image_features"}),
        ((False, True, False), {"bev_features"}),
        ((False, True, True), {"bev_features", "vector"}),
    ],
)
def test_a_disabled_modality_is_not_loaded(make_examples, enabled, there):
    example = make_examples(ModalityChoice(enabled))[0]
    assert {n for n in ("vector", "image_features", "bev_features") if getattr(example, n) is not None} == there
    assert example.modality_present.tolist() == list(enabled)


def test_vectors_alone_need_no_encoders(make_examples):
    example = make_examples(ModalityChoice((False, False, True)), encoders=None)[0]
    assert example.image_features is None
    assert example.sensors is None
    assert example.vector is not None


def test_live_encoders_are_given_sensor_data(make_examples, reader, rows):
    example = make_examples(encoders=reader)[20]
    expected = reader.inputs(rows.conversations[20]["sample_token"])
    assert torch.equal(example.sensors.images, expected.images)
    assert example.image_features is None
    assert_equal(replace(example, sensors=None), replace(make_examples()[20], image_features=None, bev_features=None))


def test_fewer_cameras_have_fewer_placeholders(make_examples, reader, llm_config):
    ids = make_examples(encoders=replace(reader, camera_views=2))[0].input_ids
    assert (ids == llm_config.modality_token_ids["image"]).sum() == 32


def test_missing_encoders_are_refused(make_examples):
    with pytest.raises(InvalidField, match="encoders: expected cached features or a sensor reader"):
        make_examples(encoders=None)


def test_features_of_other_key_frames_are_refused(make_examples, rows, perception, reader, tmp_path):
    train, evaluation = rows.split_off(0.5, seed=0)
    few = cached_features(tmp_path, "train", perception, reader, train.sample_tokens)
    make_examples(encoders=few, some_rows=train)
    with pytest.raises(InvalidField, match=f"none of .*, such as {evaluation.sample_tokens[0]}"):
        make_examples(encoders=few, some_rows=evaluation)


def test_another_horizon_is_refused(rows, tokenizer, llm_config, perception, features):
    sequences = SequenceBuilder(tokenizer, llm_config, 1024)
    with pytest.raises(InvalidField, match="proposal: expected 8 waypoints, as the language model has, given 6"):
        CorrectionExamples(rows, sequences, perception.config, Horizon(8, 0.5), ModalityChoice(), features)
