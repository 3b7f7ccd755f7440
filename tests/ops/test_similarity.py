import pytest
import torch

from beholder.ops.similarity import similarity, similarity_of_magnitudes, weighted_mean


def test_similarity_by_hand() -> None:
    x, y = torch.tensor([1.0, 2.0, -1.0, 0.0]), torch.tensor([1.0, 1.0, 1.0, 0.0])
    assert similarity(x, y, 1.0).tolist() == pytest.approx([1, 5 / 6, -1 / 3, 1])


def test_similarity_of_magnitudes_has_a_finite_gradient_at_zero() -> None:
    squares = torch.tensor([0.0, 4.0], requires_grad=True)
    found = similarity_of_magnitudes(squares, torch.tensor([0.0, 1.0]), 1.0)
    found.sum().backward()
    assert found.tolist() == pytest.approx([1, 5 / 6])
    assert squares.grad is not None
    assert squares.grad.isfinite().all()


def test_weighted_mean_of_each_image_and_the_plain_one_without_weights() -> None:
    x = torch.tensor([[1.0, 4.0], [1.0, 4.0]])
    weight = torch.tensor([[0.25, 0.75], [0.0, 0.0]])
    assert weighted_mean(x, weight).tolist() == pytest.approx([3.25, 2.5])
