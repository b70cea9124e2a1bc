import pytest
import torch

from training.modeling.losses.traj import traj_loss


@pytest.fixture
def numbers():
    random = torch.Generator().manual_seed(0)
    offset_m, truth_m = torch.randn(4, 6, 2, generator=random), 3 * torch.randn(4, 6, 2, generator=random)
    return offset_m, torch.rand(4, 6, generator=random) + 0.1, truth_m


def test_laplace_is_the_likelihood_of_torchs_own_distribution(numbers):
    offset_m, scale_m, truth_m = numbers
    distribution = torch.distributions.Laplace(offset_m, scale_m[..., None])
    total, count = traj_loss("laplace", offset_m, scale_m, truth_m)
    torch.testing.assert_close(total, -distribution.log_prob(truth_m).mean((1, 2)).sum())
    assert int(count) == 4


def test_the_best_scale_is_the_mean_deviation():
    truth_m, offset_m = torch.tensor([[[0.3, 0.5]]]), torch.zeros(1, 1, 2)
    loss = {b: float(traj_loss("laplace", offset_m, torch.full((1, 1), b), truth_m).total) for b in (0.35, 0.4, 0.45)}
    assert min(loss, key=lambda b: loss[b]) == 0.4


def test_smooth_l1_is_a_parabola_up_to_a_metre_and_a_line_beyond():
    truth_m = torch.tensor([[[0.5, 3.0]]])
    total, _ = traj_loss("smooth_l1", torch.zeros(1, 1, 2), torch.ones(1, 1), truth_m)
    assert float(total) == pytest.approx((0.5**2 / 2 + 3.0 - 0.5) / 2)


def test_smooth_l1_leaves_the_scale_alone(numbers):
    offset_m, scale_m, truth_m = numbers
    assert not traj_loss("smooth_l1", offset_m, scale_m.requires_grad_(), truth_m).total.requires_grad


@pytest.mark.parametrize("kind", ["laplace", "smooth_l1"])
def test_sums_of_parts_add_up(kind, numbers):
    whole = traj_loss(kind, *numbers)
    parts = [traj_loss(kind, *(values[rows] for values in numbers)) for rows in (slice(0, 1), slice(1, 4))]
    torch.testing.assert_close(parts[0].total + parts[1].total, whole.total)
    assert int(parts[0].count + parts[1].count) == int(whole.count)


def test_half_precision_is_computed_in_float32(numbers):
    halves = [values.half() for values in numbers]
    total = traj_loss("laplace", *halves).total
    assert total.dtype == torch.float32
    assert torch.equal(total, traj_loss("laplace", *(values.float() for values in halves)).total)


def test_harm_is_the_share_by_which_a_correction_is_worse_and_nothing_where_it_is_better():
    truth_m = torch.tensor([[[0.6, 0.0]], [[0.6, 0.0]], [[0.0, 0.0]]])
    offset_m = torch.tensor([[[0.0, 0.8]], [[0.5, 0.0]], [[0.0, 0.3]]])  # 1.0 m, 0.1 m and 0.3 m from the truth
    scale_m = torch.ones(3, 1)
    plain = traj_loss("laplace", offset_m, scale_m, truth_m).total
    weighted = traj_loss("laplace", offset_m, scale_m, truth_m, harm_weight=2.0).total
    assert float(weighted - plain) == pytest.approx(2.0 * (0.4 / 0.9 + 0.3 / 0.3), rel=1e-5)


def test_the_error_is_the_mean_distance_from_the_truth():
    truth_m = torch.tensor([[[0.6, 0.0], [1.0, 1.0]], [[0.0, 0.0], [0.0, 2.0]]])
    offset_m = torch.tensor([[[0.0, 0.8], [1.0, 0.0]], [[0.0, 0.3], [0.0, 0.0]]])
    scale_m = torch.ones(2, 2)
    plain = traj_loss("laplace", offset_m, scale_m, truth_m).total
    weighted = traj_loss("laplace", offset_m, scale_m, truth_m, error_weight=3.0).total
    assert float(weighted - plain) == pytest.approx(3.0 * ((1.0 + 1.0) / 2 + (0.3 + 2.0) / 2), rel=1e-5)
