import math

import pytest
import torch

from training.modeling.alignment import AlignmentHeads, SampleVectors, joined
from training.modeling.losses.align import ALIGN
from training.modeling.losses.info_nce import info_nce
from training.modeling.pairs import PAIRS, compared_things, wanted_pairs
from training.modeling.settings import CorrectorSettings

APART = torch.arange(6)
"""A key frame for each sample."""


@pytest.fixture
def heads():
    torch.manual_seed(0)
    return AlignmentHeads(8)


def test_a_vector_is_the_mean_of_the_real_tokens_alone(heads):
    tokens, mask = torch.randn(2, 3, 8), torch.tensor([[True, True, False], [True, False, False]])
    values, present = heads.vectors("bev", tokens, mask)
    expected = heads.linears["bev"](tokens[0, :2].mean(0))
    torch.testing.assert_close(values[0], expected)
    assert present.tolist() == [True, True]
    assert values.shape == (2, 256)


def test_a_sample_without_tokens_is_absent_and_finite(heads):
    values, present = heads.vectors("image", torch.randn(1, 3, 8), torch.zeros(1, 3, dtype=torch.bool))
    assert not present.any()
    assert torch.isfinite(values).all()


def deviations(values):
    mean = values.mean(0)
    return (values - mean) / ((values - mean).norm(dim=-1, keepdim=True) + 1e-3 * mean.norm())


def test_what_all_samples_share_hardly_counts(heads):
    vectors = {name: SampleVectors(torch.randn(4, 256), torch.ones(4).bool()) for name in ("image", "text")}
    shared = {name: SampleVectors(given.values + 5.0, given.present) for name, given in vectors.items()}
    expected = heads.losses(vectors, APART[:4], [ALIGN])["align"]
    torch.testing.assert_close(heads.losses(shared, APART[:4], [ALIGN])["align"], expected, rtol=0.02, atol=0.0)


def test_samples_that_look_alike_are_learned_to_be_told_apart(heads):
    """Means of tokens that differ by a thousandth, as before any training."""
    tokens = {name: torch.randn(8) + 1e-3 * torch.randn(6, 1, 8) for name in ("image", "text")}
    optimizer = torch.optim.AdamW(heads.parameters(), lr=1e-2)
    losses = []
    for _ in range(40):
        vectors = {name: heads.vectors(name, given, torch.ones(6, 1).bool()) for name, given in tokens.items()}
        loss = heads.losses(vectors, APART, [ALIGN])["align"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]


def test_proposals_of_one_key_frame_are_no_wrong_answers_for_each_other(heads):
    """They share the image, and a text may belong to either."""
    image = SampleVectors(torch.randn(3, 256)[[0, 0, 1, 2]], torch.ones(4).bool())
    vectors = {"image": image, "text": SampleVectors(torch.randn(4, 256), image.present)}
    keyframes = torch.tensor([5, 5, 8, 2])
    given, text = (deviations(vectors[name].values) for name in ("image", "text"))
    expected = info_nce(given, text, torch.tensor(1 / 0.07), keyframes)
    torch.testing.assert_close(heads.losses(vectors, keyframes, [ALIGN])["align"], expected)
    assert expected < heads.losses(vectors, APART[:4], [ALIGN])["align"] - 0.05


def test_samples_of_one_key_frame_alone_have_nothing_to_be_told_from(heads):
    vectors = {name: SampleVectors(torch.randn(3, 256), torch.ones(3).bool()) for name in ("image", "text")}
    assert heads.losses(vectors, torch.tensor([4, 4, 4]), [ALIGN]) == {}
    absent = SampleVectors(vectors["text"].values, torch.tensor([True, True, False]))
    assert heads.losses(vectors | {"text": absent}, torch.tensor([4, 4, 6]), [ALIGN]) == {}


def test_the_temperature_begins_at_clips_and_its_inverse_stays_below_a_hundred(heads):
    vectors = {name: heads.vectors(name, torch.randn(4, 2, 8), torch.ones(4, 2).bool()) for name in ("image", "text")}
    image, text = (deviations(vectors[name].values) for name in ("image", "text"))
    expected = info_nce(image, text, torch.tensor(1 / 0.07), APART[:4])
    torch.testing.assert_close(heads.losses(vectors, APART[:4], [ALIGN])["align"], expected)
    with torch.no_grad():
        heads.log_scales["align"].fill_(math.log(1000.0))
    loss = heads.losses(vectors, APART[:4], [ALIGN])["align"]
    torch.testing.assert_close(loss, info_nce(image, text, torch.tensor(100.0), APART[:4]))
    loss.backward()
    assert heads.log_scales["align"].grad.abs() > 0  # It can come back below.


def test_every_parameter_has_a_dimension_that_fsdp_can_shard(heads):
    assert all(parameter.ndim for parameter in heads.parameters())


def test_half_precision_tokens_are_compared_in_float32(heads):
    tokens, mask = torch.randn(2, 3, 8).half(), torch.ones(2, 3).bool()
    with torch.autocast("cpu", torch.bfloat16):
        values, _ = heads.vectors("text", tokens, mask)
    assert values.dtype == torch.float32
    assert torch.equal(values, heads.vectors("text", tokens.float(), mask).values)


def test_batches_are_joined_in_their_order():
    parts = [{"bev": SampleVectors(torch.full((n, 2), float(n)), torch.ones(n).bool())} for n in (1, 2)]
    assert joined(parts)["bev"].values[:, 0].tolist() == [1.0, 2.0, 2.0]


@pytest.mark.parametrize(
    ("modalities", "losses", "compared"),
    [
        (("image", "bev", "vector"), {"align", "bev_text", "bev_vector"}, {"image", "bev", "vector", "text"}),
        (("image", "vector"), {"align"}, {"image", "text"}),
        (("bev", "vector"), {"bev_text", "bev_vector"}, {"bev", "vector", "text"}),
        (("vector",), set(), set()),
    ],
)
def test_a_pair_needs_both_of_its_modalities(modalities, losses, compared):
    settings = CorrectorSettings(modalities=modalities)
    assert {pair.name for pair in wanted_pairs(settings)} == losses
    assert compared_things(settings) == compared
    assert wanted_pairs(CorrectorSettings(losses=("lm", "traj"))) == []
    assert len(PAIRS) == 3
