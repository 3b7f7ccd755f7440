import numpy as np
import pytest
import torch
from scipy import ndimage

from beholder.ops.filters import filter_separable, gaussian_kernel
from beholder.ops.pyramids import halve, subsample_box
from beholder.ops.stable import sqrt


def test_gaussian_is_scipys_inside_the_image() -> None:
    x = torch.rand(2, 3, 20, 30, dtype=torch.float64)
    found = filter_separable(x, gaussian_kernel(11, 1.5, x))
    expected = ndimage.gaussian_filter(x.numpy(), 1.5, axes=(2, 3), radius=5)[:, :, 5:-5, 5:-5]
    assert np.allclose(found.numpy(), expected, atol=1e-12)


@pytest.mark.parametrize("step", [1, 2])
@pytest.mark.parametrize("planes", [1, 3, 24])
def test_few_planes_are_filtered_as_many(planes: int, step: int) -> None:
    x = torch.rand(1, planes, 21, 30)
    kernel = torch.tensor([0.1, 0.2, 0.3, 0.4])
    expected = filter_separable(x.double(), kernel.double())[..., ::step, ::step]
    assert torch.allclose(filter_separable(x, kernel, step=step).double(), expected, atol=1e-6)


def test_asymmetric_kernel_is_correlated_not_flipped() -> None:
    x = torch.arange(5.0).view(1, 1, 1, 5).expand(1, 1, 5, 5)
    assert torch.equal(filter_separable(x, torch.tensor([1.0, 0, 0])), x[..., :3, :3])


def symmetric_box(x: np.ndarray, factor: int) -> np.ndarray:
    """imfilter(x, ones(f)/f^2, 'symmetric') at every f-th pixel, by the textbook."""
    before = (factor - 1) // 2
    padded = np.pad(x, ((before, factor - 1 - before),) * 2, mode="symmetric")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (factor, factor))
    return windows[::factor, ::factor].mean((2, 3))


@pytest.mark.parametrize("factor", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("size", [(12, 12), (13, 17), (10, 11)])
def test_box_has_symmetric_borders(factor: int, size: tuple[int, int]) -> None:
    x = torch.rand(1, 1, *size, dtype=torch.float64)
    assert np.allclose(
        subsample_box(x, factor)[0, 0].numpy(), symmetric_box(x[0, 0].numpy(), factor), atol=1e-12
    )


@pytest.mark.parametrize("size", [(8, 8), (9, 8), (9, 11)])
def test_halving_is_the_box_of_two(size: tuple[int, int]) -> None:
    x = torch.rand(2, 3, *size, dtype=torch.float64)
    assert torch.allclose(halve(x), subsample_box(x, 2), atol=1e-12)


def test_root_has_gradient_zero_at_zero() -> None:
    x = torch.tensor([0.0, 4.0], requires_grad=True)
    sqrt(x).sum().backward()
    assert torch.equal(sqrt(x), torch.tensor([0.0, 2.0]))
    assert x.grad is not None
    assert torch.equal(x.grad, torch.tensor([0.0, 0.25]))
