"""The corrector's losses: what they sum over, what is left out, and that parts equal the whole."""

import pytest
import torch
from torch.nn import functional

from perception_service.models.perception_model import PerceptionModel
from perception_service.models.presets import preset
from training.modeling.base_reference import BaseReference
from training.modeling.losses import LOSS_NAMES
from training.modeling.settings import CorrectorSettings, LoraSettings
from training.modeling.starting import start_corrector
from waymend.errors import InvalidField

WITHOUT_IMAGE = (False, True, True)
ALL_BUT_LAST = slice(None, -1)


def mean_losses(sums) -> dict[str, torch.Tensor]:
    return {name: total / count for name, (total, count) in sums.examples.items()} | sums.alignment


@pytest.fixture
def corrector(make_corrector):
    return make_corrector(lora=LoraSettings(dropout=0.0))


def test_all_five_losses_are_finite(corrector, make_batch):
    batch = make_batch([0, 1, 2])
    losses = mean_losses(corrector(batch, [batch]))
    assert tuple(losses) == LOSS_NAMES
    assert all(torch.isfinite(loss) for loss in losses.values())


def test_lm_is_the_cross_entropy_of_the_labelled_tokens(corrector, make_batch):
    batch = make_batch([0, 1])
    logits = corrector.llm.lm_head(corrector.hidden_states(batch)).clone()
    logits[..., corrector.never_said] = -torch.inf
    expected = functional.cross_entropy(logits[:, ALL_BUT_LAST].flatten(0, 1), batch["labels"][:, 1:].flatten())
    total, count = corrector.example_terms(batch)["lm"]
    torch.testing.assert_close(total / count, expected)
    assert int(count) == int((batch["labels"] != -100).sum())


def test_the_trajectory_does_not_see_the_words_after_it(corrector, make_batch):
    batch = make_batch([0])
    offset_m, scale_m = corrector.predict(batch)
    changed = dict(batch, input_ids=batch["input_ids"].clone())
    changed["input_ids"][0, -3:] = 300
    torch.testing.assert_close(corrector.predict(changed)[0], offset_m, rtol=0, atol=1e-6)
    assert (offset_m.shape, scale_m.shape) == ((1, 6, 2), (1, 6))


def test_the_parts_of_a_batch_sum_to_the_whole(corrector, make_batch):
    whole, parts = make_batch([0, 1, 2]), [make_batch([0]), make_batch([1, 2])]
    expected = corrector.example_terms(whole)
    given = [corrector.example_terms(part) for part in parts]
    for name, (total, count) in expected.items():
        torch.testing.assert_close(sum(part[name].total for part in given), total, rtol=1e-4, atol=1e-4)
        assert int(sum(part[name].count for part in given)) == int(count)


def test_alignment_over_micro_batches_equals_one_big_batch(corrector, make_batch):
    present = {3: WITHOUT_IMAGE}
    whole = corrector.alignment_terms([make_batch([0, 1, 2, 3], present)])
    parts = corrector.alignment_terms([make_batch([0]), make_batch([1, 2]), make_batch([3], present)])
    assert list(parts) == ["align", "bev_text", "bev_vector"]
    for name in whole:
        torch.testing.assert_close(parts[name], whole[name], rtol=1e-5, atol=1e-5)


def test_gradients_of_accumulated_micro_batches_equal_those_of_one_big_batch(corrector, make_batch):
    whole, parts = make_batch([0, 1, 2]), [make_batch([0, 1]), make_batch([2])]
    sum(mean_losses(corrector(whole, [whole])).values()).backward()
    expected = gradients(corrector)
    corrector.zero_grad()
    counts = {name: sum(int(corrector.example_terms(p)[name].count) for p in parts) for name in ("lm", "traj")}
    for part in parts:
        terms = corrector.example_terms(part)
        sum(terms[name].total / counts[name] for name in counts).backward()
    sum(corrector.alignment_terms(parts).values()).backward()
    given = gradients(corrector)
    assert given.keys() == expected.keys()
    for name, gradient in given.items():
        # A bias that moves all samples alike has the gradient 0, up to what rounding leaves of large ones.
        assert (gradient - expected[name]).norm() < 1e-3 * expected[name].norm().clamp(min=0.1), name


def test_tokens_that_both_kinds_of_terms_share_change_no_gradient(corrector, make_batch):
    window = [make_batch([0, 1]), make_batch([2])]
    shared = corrector(window[1], window)
    sum(mean_losses(shared).values()).backward()
    expected = gradients(corrector)
    corrector.zero_grad()
    apart = corrector.example_terms(window[1])
    terms = {name: total / count for name, (total, count) in apart.items()} | corrector.alignment_terms(window)
    sum(terms.values()).backward()
    given = gradients(corrector)
    assert given.keys() == expected.keys()
    for name, gradient in given.items():
        torch.testing.assert_close(gradient, expected[name], rtol=1e-3, atol=1e-5, msg=name)


def test_tokens_are_not_shared_with_a_batch_that_hides_its_modalities(corrector, make_batch):
    batch, other = make_batch([0, 1]), make_batch([2, 3])
    hidden = batch | {"modality_present": torch.zeros_like(batch["modality_present"])}
    losses = corrector(batch, [hidden, other]).alignment
    expected = corrector.alignment_terms([other])
    assert losses.keys() == expected.keys()
    for name, loss in losses.items():
        torch.testing.assert_close(loss, expected[name])


def gradients(corrector) -> dict[str, torch.Tensor]:
    return {name: p.grad.clone() for name, p in corrector.named_parameters() if p.grad is not None}


def test_one_sample_has_no_alignment_terms(corrector, make_batch):
    assert corrector.alignment_terms([make_batch([0])]) == {}


def test_samples_without_a_modality_take_no_part_in_its_terms(corrector, make_batch):
    without = {1: WITHOUT_IMAGE, 2: WITHOUT_IMAGE}
    one_image = corrector.alignment_terms([make_batch([0, 1, 2], without)])
    assert list(one_image) == ["bev_text", "bev_vector"]
    two_images = corrector.alignment_terms([make_batch([0, 1, 2, 3], without)])
    torch.testing.assert_close(two_images["align"], corrector.alignment_terms([make_batch([0, 3])])["align"])


@pytest.mark.parametrize(
    ("modalities", "left"),
    [
        (("image",), ["lm", "traj", "align"]),
        (("bev",), ["lm", "traj", "bev_text"]),
        (("bev", "vector"), ["lm", "traj", "bev_text", "bev_vector"]),
        ((), ["lm", "traj"]),
    ],
)
def test_a_disabled_modality_takes_its_terms_and_features_away(make_corrector, make_batch, modalities, left):
    corrector = make_corrector(modalities=modalities)
    present = tuple(name in modalities for name in ("image", "bev", "vector"))
    batch = make_batch([0, 1], {0: present, 1: present})
    for name in ("image", "bev"):
        if name not in modalities:
            batch.pop(f"{name}_features")
    if "vector" not in modalities:
        batch.pop("vector")
    losses = mean_losses(corrector(batch, [batch]))
    assert list(losses) == left
    sum(losses.values()).backward()
    assert all(torch.isfinite(loss) for loss in losses.values())


def test_losses_of_weight_zero_are_not_computed(make_corrector, make_batch):
    corrector = make_corrector(losses=("traj", "bev_text"))
    batch = make_batch([0, 1])
    assert list(mean_losses(corrector(batch, [batch]))) == ["traj", "bev_text"]
    corrector = make_corrector(losses=("lm",))
    assert list(mean_losses(corrector(batch, [batch]))) == ["lm"]


def test_a_dropped_modality_changes_the_answer_of_its_sample_alone(corrector, make_batch):
    both = corrector.predict(make_batch([0, 1]))[0]
    dropped = corrector.predict(make_batch([0, 1], {1: WITHOUT_IMAGE}))[0]
    torch.testing.assert_close(dropped[0], both[0], rtol=0, atol=1e-5)
    assert (dropped[1] - both[1]).abs().max() > 1e-4


def test_under_autocast_positions_keep_their_digits(corrector, make_batch):
    batch = make_batch([0, 1])
    exact_m, _ = corrector.predict(batch)
    with torch.autocast("cpu", torch.bfloat16):
        offset_m, _ = corrector.predict(batch)
        losses = mean_losses(corrector(batch, [batch]))
    assert offset_m.dtype == torch.float32
    torch.testing.assert_close(offset_m, exact_m, rtol=0, atol=0.02)
    assert {loss.dtype for loss in losses.values()} == {torch.float32}


def test_gradient_checkpointing_changes_no_gradient(corrector, make_batch):
    batch = make_batch([0, 1])
    sum(mean_losses(corrector(batch, [batch])).values()).backward()
    expected = gradients(corrector)
    corrector.zero_grad()
    corrector.gradient_checkpointing_enable()
    sum(mean_losses(corrector(batch, [batch])).values()).backward()
    for name, gradient in gradients(corrector).items():
        torch.testing.assert_close(gradient, expected[name], msg=name)


def test_perception_that_makes_other_tokens_is_refused(base_directory):
    config = preset("tiny")
    config["tokens"]["bev"]["tokens"] = 32
    with pytest.raises(InvalidField, match="perception: expected token sets"):
        start_corrector(base_directory, PerceptionModel.from_config(config), CorrectorSettings(), BaseReference("x"))
