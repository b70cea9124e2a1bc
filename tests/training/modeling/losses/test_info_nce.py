import math

import pytest
import torch
from torch.nn import functional

from training.modeling.losses.info_nce import info_nce

SCALE = torch.tensor(1 / 0.07)


def unit_vectors(count: int, seed: int, width: int = 16) -> torch.Tensor:
    return functional.normalize(torch.randn(count, width, generator=torch.Generator().manual_seed(seed)), dim=-1)


def plain_loop(first: torch.Tensor, second: torch.Tensor, scale: float, groups: list[int]) -> float:
    """The formula, sample by sample."""
    count, total = len(first), 0.0
    similarity = [[scale * float(first[i] @ second[j]) for j in range(count)] for i in range(count)]
    for i in range(count):
        others = [j for j in range(count) if j == i or groups[j] != groups[i]]
        rows = math.log(sum(math.exp(similarity[i][j]) for j in others))
        columns = math.log(sum(math.exp(similarity[j][i]) for j in others))
        total += rows + columns - 2 * similarity[i][i]
    return total / (2 * count)


@pytest.mark.parametrize("groups", [[0, 1], [0, 1, 2], [3, 1, 4, 1, 5, 3, 1], [0, 0, 0, 1]])
def test_it_agrees_with_a_plain_loop(groups):
    first, second = unit_vectors(len(groups), 0), unit_vectors(len(groups), 1)
    expected = plain_loop(first, second, float(SCALE), groups)
    assert float(info_nce(first, second, SCALE, torch.tensor(groups))) == pytest.approx(expected, rel=1e-5)


def test_where_all_groups_differ_it_is_the_plain_infonce():
    first, second = unit_vectors(6, 0), unit_vectors(6, 1)
    similarities = SCALE * first @ second.T
    there, back = (functional.cross_entropy(s, torch.arange(6)) for s in (similarities, similarities.T))
    assert torch.equal(info_nce(first, second, SCALE, torch.arange(6)), (there + back) / 2)


def test_samples_of_a_group_do_not_repel_each_other():
    """By the gradient of each cosine; in groups of their own, the first two samples would be pushed apart."""
    gradients: list[torch.Tensor] = []
    for groups in ([0, 0, 1], [0, 1, 2]):
        cosines = (unit_vectors(3, 0) @ unit_vectors(3, 1).T).requires_grad_()
        info_nce(cosines, torch.eye(3), SCALE, torch.tensor(groups)).backward()
        gradients.append(cosines.grad)
    of_a_group, all_apart = gradients
    assert (of_a_group[0, 1], of_a_group[1, 0]) == (0, 0)
    assert all_apart[0, 1] > 0 < all_apart[1, 0]
    assert of_a_group[0, 0] < 0 < of_a_group[0, 2]


def test_samples_that_share_a_thing_can_all_find_their_partners():
    """Three proposals of one key frame and one of another, each frame with vectors of its own: nothing is lost."""
    vectors, groups = torch.eye(2)[[0, 0, 0, 1]], torch.tensor([0, 0, 0, 1])
    assert float(info_nce(vectors, vectors, torch.tensor(100.0), groups)) < 1e-6
    assert float(info_nce(vectors, vectors, torch.tensor(100.0), torch.arange(4))) > 0.8


def test_it_is_symmetric_and_does_not_see_the_order_of_samples():
    first, second, order = unit_vectors(7, 0), unit_vectors(7, 1), torch.randperm(7)
    groups = torch.tensor([0, 1, 0, 2, 3, 1, 0])
    loss = info_nce(first, second, SCALE, groups)
    torch.testing.assert_close(info_nce(second, first, SCALE, groups), loss)
    torch.testing.assert_close(info_nce(first[order], second[order], SCALE, groups[order]), loss)


def test_partners_that_agree_lose_nothing_and_indifference_loses_the_logarithm_of_the_count():
    assert float(info_nce(torch.eye(5), torch.eye(5), torch.tensor(100.0), torch.arange(5))) < 1e-6
    same = unit_vectors(1, 0).expand(5, -1)
    assert float(info_nce(same, same, SCALE, torch.arange(5))) == pytest.approx(math.log(5))


def test_half_precision_vectors_are_compared_in_float32():
    first, second = unit_vectors(6, 0).bfloat16(), unit_vectors(6, 1).bfloat16()
    loss = info_nce(first, second, SCALE.bfloat16(), torch.arange(6))
    assert loss.dtype == torch.float32
    assert torch.equal(loss, info_nce(first.float(), second.float(), SCALE.bfloat16().float(), torch.arange(6)))
