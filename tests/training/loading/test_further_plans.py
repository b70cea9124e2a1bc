"""Further plans of a sample: drawn anew in each epoch, and corrected as if each were alone."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from llm_service.modeling.plan_features import plan_features
from training.data.samples.keyframe import Keyframe
from training.data.samples.keyframe_rows import keyframe_from_row
from training.loading.collation import ExampleCollator
from training.loading.correction_case import CorrectionCase
from training.loading.further_plans import FurtherPlans
from training.loading.sequence import SequenceBuilder
from training.modeling.base_reference import BaseReference
from training.modeling.settings import CorrectorSettings
from training.modeling.starting import start_corrector
from waymend.errors import InvalidField
from waymend.trajectory import Horizon

THREE = FurtherPlans(3, seed=5)
ROWS = (0, 18)


@pytest.fixture(scope="module")
def corrector(tiny_llm, perception):
    settings = CorrectorSettings(finetuning_type="full")
    return start_corrector(tiny_llm, perception, settings, BaseReference("tests/pretrained")).eval()


@pytest.fixture(scope="module")
def collate(llm_config):
    return ExampleCollator(llm_config.pad_token_id)


def case_of(rows, index) -> CorrectionCase:
    return CorrectionCase.of_row(rows.conversations[index])


def keyframe_of(rows, index) -> Keyframe:
    token = rows.conversations[index]["sample_token"]
    return keyframe_from_row(rows.keyframes[rows.keyframes["sample_token"].index(token)])


def alone(example, case, plan_ego_m, sequences, llm_config):
    """The example with one plan, asked about without an instruction."""
    plan = plan_features(plan_ego_m, 0.5, case.ego_state, case.command)
    ids = example.input_ids[example.segments < 2].tolist()
    names = {token_id: name for name, token_id in llm_config.modality_token_ids.items() if name != "plan"}
    counts = {name: ids.count(token_id) for token_id, name in names.items()}
    sequence = sequences(replace(case, proposal_ego_m=plan_ego_m, instruction=""), plan, counts)
    parts = {name: getattr(sequence, name) for name in ("input_ids", "labels", "segments", "positions")}
    return replace(example, plan=torch.from_numpy(plan)[None], offset_m=example.offset_m[:1], **parts)


@torch.inference_mode()
def test_each_plan_is_corrected_as_if_it_were_alone(make_examples, rows, corrector, collate, tokenizer, llm_config):
    examples, sequences = make_examples(further_plans=THREE), SequenceBuilder(tokenizer, llm_config, 1024)
    together = corrector.predict(collate([examples[index] for index in ROWS]))[0].unflatten(0, (2, 4))
    for place, index in enumerate(ROWS):
        case = case_of(rows, index)
        plans = THREE.drawn(keyframe_of(rows, index), Horizon(), 0, index)
        for number, plan_ego_m in enumerate(plans, start=1):
            single = alone(examples[index], case, plan_ego_m, sequences, llm_config)
            offset_m, _ = corrector.predict(collate([single]))
            torch.testing.assert_close(together[place, number], offset_m[0], rtol=0, atol=1e-5)


@torch.inference_mode()
def test_a_sample_s_own_losses_do_not_see_its_further_plans(make_examples, corrector, collate):
    bare, full = make_examples(), make_examples(further_plans=THREE)
    with_plans = corrector.example_terms(collate([full[0]]))["lm"]
    without = corrector.example_terms(collate([bare[0]]))["lm"]
    assert int(with_plans.count) == int(without.count)
    torch.testing.assert_close(with_plans.total, without.total, rtol=1e-5, atol=0)


def test_the_trajectory_s_loss_counts_every_plan(make_examples, corrector, collate):
    batch = collate([make_examples(further_plans=THREE)[index] for index in ROWS])
    assert int(corrector.example_terms(batch)["traj"].count) == 8


def test_offsets_lead_from_each_plan_to_the_truth(make_examples, rows):
    example, keyframe = make_examples(further_plans=THREE)[0], keyframe_of(rows, 0)
    for plan_ego_m, offset_m in zip(THREE.drawn(keyframe, Horizon(), 0, 0), example.offset_m[1:], strict=True):
        np.testing.assert_allclose(plan_ego_m + offset_m.numpy(), keyframe.future_ego_m, atol=1e-5)


def test_plans_follow_from_seed_epoch_and_index(rows):
    keyframe = keyframe_of(rows, 0)

    def drawn(plans: FurtherPlans, epoch: int, index: int) -> np.ndarray:
        return np.array(plans.drawn(keyframe, Horizon(), epoch, index))

    first = drawn(THREE, 0, 0)
    assert first.shape == (3, 6, 2)
    np.testing.assert_array_equal(first, drawn(FurtherPlans(3, seed=5), 0, 0))
    for other in (drawn(THREE, 1, 0), drawn(THREE, 0, 1), drawn(FurtherPlans(3, seed=6), 0, 0)):
        assert np.abs(first - other).max() > 0.01


def test_a_tenth_of_the_plans_is_the_truth(rows):
    keyframe = keyframe_of(rows, 0)
    plans = FurtherPlans(1000).drawn(keyframe, Horizon(), 0, 0)
    alike = [np.abs(plan - keyframe.future_ego_m).max() < 1e-6 for plan in plans]
    assert sum(alike) == pytest.approx(100, abs=30)


def test_no_fewer_than_none():
    with pytest.raises(InvalidField, match="further_plans"):
        FurtherPlans(-1)
