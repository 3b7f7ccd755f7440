import numpy as np
import torch

from beholder.ops.scale_mixture import covariance, information, strengths


def test_strengths_and_information_by_the_book() -> None:
    vectors = torch.randn(2, 9, 50, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    spread = covariance(vectors)
    found = strengths(vectors, spread)
    told = information(found, spread)
    for index in range(2):
        u = vectors[index].numpy()
        c = u @ u.T / 50
        strength = np.einsum("ip,ij,jp->p", u, np.linalg.inv(c), u) / 9
        assert np.allclose(found[index].numpy(), strength)
        # The product of 1 + s l is the determinant of 1 + s C.
        expected = [np.linalg.slogdet(np.eye(9) + each * c)[1] for each in strength]
        assert np.allclose(told[index].numpy(), expected)


def test_strengths_are_one_on_average() -> None:
    vectors = torch.randn(1, 10, 300, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    assert abs(strengths(vectors, covariance(vectors)).mean() - 1) < 1e-9


def test_nothing_has_no_strength_and_finite_gradients() -> None:
    vectors = torch.zeros(1, 9, 20, requires_grad=True)
    spread = covariance(vectors)
    told = information(strengths(vectors, spread), spread)
    told.sum().backward()
    assert told.abs().max() == 0
    assert vectors.grad is not None
    assert vectors.grad.isfinite().all()
