"""Encoders that run on sensors in the training step."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields

import pytest
import torch
from torch.nn import functional

from perception_service.limits import FrameLimits
from perception_service.models.bevfusion.collate import collate
from perception_service.models.bevfusion.inputs import BevFusionInputs
from perception_service.preprocessing import bevfusion_inputs
from perception_service.wire.decode import decode_frame
from tests.perception_service.small_frame import small_frame
from tests.training.modeling.test_trainable import (
    ALWAYS,
    BEV_BRANCH,
    CAMERA_BRANCH,
    STAGES,
    WHOLE_LLM,
    reached_parts,
)
from training.modeling.alignment import joined
from training.modeling.pairs import wanted_pairs
from training.modeling.starting import start_perception
from training.modeling.trainable import trainable_parameters

FULL = STAGES["full, nothing frozen"][0]


@pytest.fixture(scope="module")
def sensors() -> BevFusionInputs:
    """Two frames: the second has other pixels and fewer points."""
    config = start_perception("tiny").config
    with ThreadPoolExecutor(1) as decoders:
        first = bevfusion_inputs(decode_frame(small_frame(), FrameLimits(), decoders), config)
    second = {field.name: getattr(first, field.name) for field in fields(first)}
    second |= {"images": first.images.flip(-1), "points_lidar": [first.points_lidar[0][::2]]}
    return collate([first, BevFusionInputs(**second)])


@pytest.fixture
def live_batch(make_batch, sensors) -> dict:
    batch = make_batch([0, 1])
    batch.pop("image_features")
    batch.pop("bev_features")
    return batch | {"sensors": {field.name: getattr(sensors, field.name) for field in fields(sensors)}}


def total_of(sums) -> torch.Tensor:
    examples = sum(term.total / term.count for term in sums.examples.values())
    return examples + sum(sums.alignment.values())


def test_live_encoders_and_their_cached_features_give_the_same_losses(make_corrector, live_batch, sensors):
    corrector = make_corrector().eval()
    image, bev = corrector.perception.bevfusion.features(sensors)
    pooled = functional.adaptive_avg_pool2d(bev, corrector.perception.bev_tokens.pooled_size)
    cached = {name: value for name, value in live_batch.items() if name != "sensors"}
    cached |= {"image_features": image, "bev_features": pooled}
    live_sums, cached_sums = corrector(live_batch, [live_batch]), corrector(cached, [cached])
    torch.testing.assert_close(total_of(live_sums), total_of(cached_sums), rtol=0, atol=1e-4)


def test_gradients_of_a_full_stage_reach_every_part_and_frozen_ones_stay(make_corrector, live_batch):
    corrector = make_corrector(**FULL)
    before = {name: tensor.clone() for name, tensor in corrector.state_dict().items()}
    trained = trainable_parameters(corrector)
    optimiser = torch.optim.AdamW(trained.values(), lr=1e-3)
    total_of(corrector(live_batch, [live_batch])).backward()
    assert reached_parts(corrector) == (ALWAYS | WHOLE_LLM | BEV_BRANCH | CAMERA_BRANCH) - {"special_rows.rows"}
    optimiser.step()
    after = corrector.state_dict()
    changed = {name for name, tensor in after.items() if not torch.equal(tensor, before[name])}
    assert changed - {"llm.lm_head.weight"} <= set(trained)  # The language head is the embedding.
    assert not any("running_" in name for name in changed)


def test_frozen_encoders_have_no_gradient_and_cost_none(make_corrector, live_batch):
    corrector = make_corrector()
    total_of(corrector(live_batch, [live_batch])).backward()
    assert all(parameter.grad is None for parameter in corrector.perception.bevfusion.parameters())


def test_a_frozen_vision_tower_stays_while_the_bev_branch_trains(make_corrector, live_batch):
    corrector = make_corrector(**(FULL | {"freeze_vision_tower": True, "freeze_llm": True}))
    total_of(corrector(live_batch, [live_batch])).backward()
    reached = reached_parts(corrector)
    assert reached >= BEV_BRANCH
    assert reached.isdisjoint(CAMERA_BRANCH)


def test_recomputed_alignment_activations_give_the_same_gradients(make_corrector, live_batch):
    corrector = make_corrector(**FULL)
    vectors = joined([corrector._fresh_vectors(live_batch)])
    sum(
        corrector.alignment.losses(vectors, live_batch["keyframe"], wanted_pairs(corrector.settings)).values()
    ).backward()
    expected = {name: p.grad.clone() for name, p in corrector.named_parameters() if p.grad is not None}
    corrector.zero_grad()
    sum(corrector.alignment_terms([live_batch]).values()).backward()
    given = {name: p.grad for name, p in corrector.named_parameters() if p.grad is not None}
    assert given.keys() == expected.keys()
    for name, gradient in given.items():
        torch.testing.assert_close(gradient, expected[name], msg=name)


def test_without_bev_only_the_camera_branch_runs(make_corrector, live_batch):
    corrector = make_corrector(modalities=("image",))
    corrector.perception.bevfusion.view_transform = None
    batch = live_batch | {"modality_present": torch.tensor([[True, False, False]] * 2)}
    ids = corrector.llm.config.modality_token_ids
    gone = torch.tensor([ids["bev"], ids["vector"]])
    keep = [~torch.isin(row, gone) for row in batch["input_ids"]]
    for name in ("input_ids", "attention_mask", "labels"):
        rows = [row[kept] for row, kept in zip(batch[name], keep, strict=True)]
        batch[name] = torch.nn.utils.rnn.pad_sequence(
            rows, batch_first=True, padding_value=-100 if name == "labels" else 0
        )
    assert torch.isfinite(total_of(corrector(batch, [batch])))
