"""HaarPSI against its definition."""

import numpy as np
import pytest
import torch
from scipy import signal

from beholder.catalog import create_metric
from beholder.metrics.haarpsi import haarpsi


def conv2_same(x: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    start = [side // 2 for side in kernel.shape]
    full = signal.convolve2d(x, kernel, "full")
    return full[start[0] : start[0] + x.shape[0], start[1] : start[1] + x.shape[1]]


def by_definition(x: np.ndarray, y: np.ndarray) -> float:
    """HaarPSI of RGB pictures of shape (3, H, W) in 0 to 255."""
    yiq = np.array([[0.299, 0.587, 0.114], [0.596, -0.274, -0.322], [0.211, -0.523, 0.312]])
    box = np.full((2, 2), 0.25)
    planes = [
        [conv2_same(plane, box)[::2, ::2] for plane in np.einsum("kc,chw->khw", yiq, image)]
        for image in (x, y)
    ]

    def likeness(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return (2 * np.abs(a) * np.abs(b) + 30) / (a**2 + b**2 + 30)

    similarities, weights = [], []
    for turn in (lambda kernel: kernel, np.transpose):
        responses = []
        for scale in (1, 2, 3):
            wavelet = np.full((2**scale, 2**scale), 2.0**-scale)
            wavelet[: 2 ** (scale - 1)] *= -1
            responses.append([conv2_same(image[0], turn(wavelet)) for image in planes])
        similarities.append((likeness(*responses[0]) + likeness(*responses[1])) / 2)
        weights.append(np.maximum(*np.abs(responses[2])))
    colours = [[conv2_same(image[channel], box) for image in planes] for channel in (1, 2)]
    similarities.append((likeness(*colours[0]) + likeness(*colours[1])) / 2)
    weights.append((weights[0] + weights[1]) / 2)
    mean = (np.array(weights) / (1 + np.exp(-4.2 * np.array(similarities)))).sum() / np.array(weights).sum()
    return float((np.log(mean / (1 - mean)) / 4.2) ** 2)


@pytest.mark.parametrize("size", [(32, 40), (33, 40), (17, 19)])
def test_score_by_the_definition(size: tuple[int, int]) -> None:
    generator = torch.Generator().manual_seed(0)
    x, y = torch.rand(2, 1, 3, *size, dtype=torch.float64, generator=generator)
    expected = by_definition(255 * x[0].numpy(), 255 * y[0].numpy())
    assert haarpsi(x, y).item() == pytest.approx(expected, abs=1e-12)
    assert create_metric("haarpsi")(x, y).item() == pytest.approx(expected, abs=1e-12)


def test_black_pictures_are_alike() -> None:
    x = torch.zeros(1, 3, 16, 16, requires_grad=True)
    score = haarpsi(x, torch.zeros(1, 3, 16, 16))
    assert score.item() == pytest.approx(1, abs=1e-6)
    (gradient,) = torch.autograd.grad(score.sum(), x)
    assert gradient.isfinite().all()
