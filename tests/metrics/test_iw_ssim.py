"""IW-SSIM against its definition, taken step by step."""

import numpy as np
import pytest
import torch
from numpy.lib.stride_tricks import sliding_window_view
from torch import Tensor

from beholder.catalog import create_metric
from beholder.metrics.iw_ssim import iw_ssim
from beholder.ops.binomial_pyramid import binomial_pyramid
from beholder.ops.color import rgb_to_grey
from beholder.spec import UsageError

GAUSSIAN = np.exp(-(np.arange(-5, 6) ** 2) / (2 * 1.5**2))
WINDOW = np.outer(GAUSSIAN, GAUSSIAN) / GAUSSIAN.sum() ** 2
BOX = np.ones((3, 3)) / 9
NOISE = 0.4


def moments(x: np.ndarray, y: np.ndarray, window: np.ndarray) -> tuple[np.ndarray, ...]:
    def mean(image: np.ndarray) -> np.ndarray:
        return np.einsum("ijkl,kl->ij", sliding_window_view(image, window.shape), window)

    mean_x, mean_y = mean(x), mean(y)
    variance_x, variance_y = mean(x * x) - mean_x**2, mean(y * y) - mean_y**2
    return mean_x, mean_y, variance_x, variance_y, mean(x * y) - mean_x * mean_y


def enlarge(x: np.ndarray) -> np.ndarray:
    """The authors' imenlarge2: bilinear to 4n - 3, one pixel of border, every second pixel."""
    for _ in range(2):
        size = len(x)
        places = (np.arange(4 * size - 3) + 0.5) * size / (4 * size - 3) - 0.5
        wide = np.stack([np.interp(places, np.arange(size), column) for column in x.T])  # transposes
        wide = np.pad(wide, ((0, 0), (1, 1)), mode="reflect", reflect_type="odd")
        x = wide[:, ::2]
    return x


def information(x: np.ndarray, y: np.ndarray, parent: np.ndarray | None) -> np.ndarray:
    *_, variance_x, variance_y, covariance = moments(x, y, BOX)
    slope = covariance / variance_y
    noise = variance_x - slope * covariance
    vectors = sliding_window_view(y, (3, 3)).reshape(-1, 9)
    if parent is not None:
        height, width = y.shape
        wide = enlarge(parent)[:height, :width]
        vectors = np.column_stack([vectors, wide[1:-1, 1:-1].ravel()])
    spread = vectors.T @ vectors / len(vectors)
    strength = np.einsum("ij,jk,ik->i", vectors, np.linalg.inv(spread), vectors) / len(spread)
    strength = strength.reshape(noise.shape)
    weight = np.zeros_like(noise)
    for eigenvalue in np.linalg.eigvalsh(spread):
        held = (noise + (1 + slope**2) * NOISE) * strength * eigenvalue + NOISE * noise
        weight += np.log2(1 + held / NOISE**2)
    return weight[4:-4, 4:-4]


def by_the_book(x: Tensor, y: Tensor) -> float:
    levels = [binomial_pyramid(255 * image, 5) for image in (x, y)]
    (of_x, of_y) = ([level[0, 0].numpy() for level in pyramid] for pyramid in levels)
    factors = []
    for scale in range(5):
        mean_x, mean_y, variance_x, variance_y, covariance = moments(of_x[scale], of_y[scale], WINDOW)
        structure = (2 * covariance + 7.65**2) / (variance_x + variance_y + 7.65**2)
        if scale == 4:
            luminance = (2 * mean_x * mean_y + 2.55**2) / (mean_x**2 + mean_y**2 + 2.55**2)
            factors.append((structure * luminance).mean())
        else:
            weight = information(of_x[scale], of_y[scale], of_y[scale + 1] if scale < 3 else None)
            factors.append((structure * weight).sum() / weight.sum())
    exponents = np.array([0.0448, 0.2856, 0.3001, 0.2363, 0.1333])
    return float(np.prod(np.array(factors) ** (exponents / exponents.sum())))


@pytest.mark.parametrize("size", [(161, 161), (176, 203)])
def test_iw_ssim_by_the_book(size: tuple[int, int]) -> None:
    generator = torch.Generator().manual_seed(0)
    y, noise = torch.rand(2, 1, 1, *size, dtype=torch.float64, generator=generator)
    y = torch.nn.functional.avg_pool2d(y, 5, stride=1, padding=2)
    x = (0.8 * y + 0.1 * noise).clamp(0, 1)
    assert iw_ssim(x, y).item() == pytest.approx(by_the_book(x, y), abs=1e-8)


def test_iw_ssim_without_structure(photos: Tensor) -> None:
    flat = torch.full_like(photos, 0.3)
    metric = create_metric("iw_ssim")
    assert metric(flat, flat).tolist() == pytest.approx([1] * 3, abs=1e-6)
    assert metric(photos, flat).isfinite().all()
    assert metric(flat, photos).isfinite().all()


def test_iw_ssim_of_a_negative_is_zero_and_finite(photos: Tensor) -> None:
    x = (1 - photos).requires_grad_()
    score = create_metric("iw_ssim")(x, photos)
    score.sum().backward()
    assert score.tolist() == [0] * 3
    assert x.grad is not None
    assert x.grad.isfinite().all()


def test_iw_ssim_channels(photos: Tensor) -> None:
    x = photos.flip(-1)
    rounded = [rgb_to_grey(image, eight_bit=True) for image in (x, photos)]
    assert torch.equal(create_metric("iw_ssim:channel=grey8")(x, photos), iw_ssim(*rounded))
    with pytest.raises(UsageError, match="expected one of grey, grey8, y"):
        create_metric("iw_ssim:channel=rgb")
