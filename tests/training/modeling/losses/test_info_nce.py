import math

import pytest
import torch
from torch.nn import functional

from training.modeling.losses.info_nce import info_nce

SCALE = torch.tensor(1 / 0.07)


def unit_vectors(count: int, seed: int, width: int = 16) -> torch.Tensor:
    return functional.normalize(torch.randn(count, width, generator=torch.Generator().manual_seed(seed)), dim=-1)


def plain_loop(first: torch.Tensor, second: torch.Tensor, scale: float) -> float:
    """The formula, sample by sample."""
    count, total = len(first), 0.0
    similarity = [[scale * float(first[i] @ second[j]) for j in range(count)] for i in range(count)]
    for i in range(count):
        rows = math.log(sum(math.exp(similarity[i][j]) for j in range(count)))
        columns = math.log(sum(math.exp(similarity[j][i]) for j in range(count)))
        total += rows + columns - 2 * similarity[i][i]
    return total / (2 * count)


@pytest.mark.parametrize("count", [2, 3, 9])
def test_it_agrees_with_a_plain_loop(count):
    first, second = unit_vectors(count, 0), unit_vectors(count, 1)
    assert float(info_nce(first, second, SCALE)) == pytest.approx(plain_loop(first, second, float(SCALE)), rel=1e-5)


def test_it_is_symmetric_and_does_not_see_the_order_of_samples():
    first, second, order = unit_vectors(7, 0), unit_vectors(7, 1), torch.randperm(7)
    loss = info_nce(first, second, SCALE)
    torch.testing.assert_close(info_nce(second, first, SCALE), loss)
    torch.testing.assert_close(info_nce(first[order], second[order], SCALE), loss)


def test_partners_that_agree_lose_nothing_and_indifference_loses_the_logarithm_of_the_count():
    assert float(info_nce(torch.eye(5), torch.eye(5), torch.tensor(100.0))) < 1e-6
    same = unit_vectors(1, 0).expand(5, -1)
    assert float(info_nce(same, same, SCALE)) == pytest.approx(math.log(5))


def test_half_precision_vectors_are_compared_in_float32():
    first, second = unit_vectors(6, 0).bfloat16(), unit_vectors(6, 1).bfloat16()
    loss = info_nce(first, second, SCALE.bfloat16())
    assert loss.dtype == torch.float32
    assert torch.equal(loss, info_nce(first.float(), second.float(), SCALE.bfloat16().float()))
