import torch

from training.modeling.special_rows import SpecialRows, written_back


def test_a_row_starts_as_the_embeddings_and_is_the_only_one_that_changes():
    weight = torch.randn(5, 3).half()
    overlay = SpecialRows([3], weight)
    input_ids = torch.tensor([[0, 3, 1]])
    assert torch.equal(overlay(input_ids, weight[input_ids]), weight[input_ids])
    with torch.no_grad():
        overlay.rows += 1.0
    changed = overlay(input_ids, weight[input_ids])
    assert changed.dtype == torch.float16
    assert torch.equal(changed[0, [0, 2]], weight[[0, 1]])
    assert torch.equal(changed[0, 1], overlay.rows[0].half())


def test_the_gradient_goes_to_the_row_alone():
    weight = torch.randn(5, 3, requires_grad=True)
    overlay = SpecialRows([3], weight)
    input_ids = torch.tensor([[3, 3, 1]])
    overlay(input_ids, weight[input_ids]).sum().backward()
    assert overlay.rows.grad.tolist() == [[2.0, 2.0, 2.0]]
    assert weight.grad[3].tolist() == [0.0, 0.0, 0.0]


def test_rows_are_written_back_into_a_copy_of_its_own_dtype():
    weight = torch.zeros(4, 2).bfloat16()
    written = written_back(weight, [2], torch.tensor([[1.0, 2.0]]))
    assert written.dtype == torch.bfloat16
    assert written.tolist() == [[0, 0], [0, 0], [1, 2], [0, 0]]
    assert not weight.any()
