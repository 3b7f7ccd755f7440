"""MAD against its definition, block by block on the authors' frequency grids."""

import math

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from beholder.catalog import create_metric
from beholder.metrics.mad import mad
from beholder.ops.color import rgb_to_grey, rgb_to_y
from beholder.spec import UsageError

Array = NDArray[np.float64]


def windows(image: Array) -> Array:
    return np.lib.stride_tricks.sliding_window_view(image, (16, 16))[::4, ::4]


def pooled(cells: Array, pixels: Array) -> float:
    spread = cells.repeat(4, 0).repeat(4, 1)
    height, width = pixels.shape
    inside = slice(16, height - 17), slice(16, width - 17)
    return math.sqrt(np.mean((spread[inside] * pixels[inside]) ** 2))


def sensitivity(height: int, width: int) -> Array:
    rows, columns = np.arange(-height / 2 + 0.5, height / 2), np.arange(-width / 2 + 0.5, width / 2)
    plane = (rows[:, None] + 1j * columns) / width * 2 * 32
    frequency = abs(plane) / (0.15 * np.cos(4 * np.angle(plane)) + 0.85)
    falling = 2.6 * (0.0192 + 0.114 * frequency) * np.exp(-((0.114 * frequency) ** 1.1))
    return np.where(frequency < 7.8909, 0.9809, falling)


def detection(x: Array, y: Array) -> float:
    height, width = y.shape
    shown = [
        np.fft.ifft2(
            np.fft.ifftshift(np.fft.fftshift(np.fft.fft2(lightness)) * sensitivity(height, width))
        ).real
        for lightness in (0.02874 * x ** (2.2 / 3), 0.02874 * y ** (2.2 / 3))
    ]
    error, reference = windows(shown[0] - shown[1]), windows(shown[1])
    mean = reference.mean((2, 3))
    quarters = [reference[:, :, i : i + 8, j : j + 8].std((2, 3), ddof=1) for i in (0, 8) for j in (0, 8)]
    of_reference, of_error = np.log(np.min(quarters, 0) / mean), np.log(error.std((2, 3), ddof=1) / mean)
    visible = np.where(of_reference > -5, np.maximum(of_error - of_reference, 0), np.maximum(of_error + 5, 0))
    visible[mean < 0.5] = 0
    squared = np.zeros_like(y)
    inner = np.lib.stride_tricks.sliding_window_view((x - y) ** 2, (16, 16)).mean((2, 3))
    squared[7 : 7 + inner.shape[0], 7 : 7 + inner.shape[1]] = inner
    return 200 * pooled(visible, squared)


def subbands(image: Array) -> list[Array]:
    height, width = image.shape
    across = np.arange(-width / 2, width / 2) / (width / 2)
    down = (np.arange(-height / 2, height / 2) / (height / 2))[:, None]
    radius, angle = np.hypot(down, across), np.arctan2(-down, across)
    radius[height // 2, width // 2] = 1
    found = []
    for scale in range(5):
        radial = np.exp(-(np.log(radius * 3 ** (scale + 1) / 2) ** 2) / (2 * math.log(0.55) ** 2))
        radial[height // 2, width // 2] = 0
        for orientation in range(4):
            distance = np.angle(np.exp(1j * (angle - orientation * math.pi / 4)))
            transfer = radial * np.exp(-(distance**2) / (2 * (math.pi / 6) ** 2))
            found.append(abs(np.fft.ifft2(np.fft.fft2(image) * np.fft.fftshift(transfer))))
    return found


def statistics(subband: Array) -> list[Array]:
    blocks = windows(subband)
    deviations = blocks - blocks.mean((2, 3), keepdims=True)
    variance = (deviations**2).mean((2, 3))
    skewness = (deviations**3).mean((2, 3)) / variance**1.5
    return [blocks.std((2, 3), ddof=1), 2 * skewness, (deviations**4).mean((2, 3)) / variance**2]


def appearance(x: Array, y: Array) -> float:
    weights = np.repeat([0.5, 0.75, 1, 5, 6], 4) / 13.25
    total = sum(
        weight * abs(np.array(statistics(a)) - np.array(statistics(b))).sum(0)
        for weight, a, b in zip(weights, subbands(x), subbands(y), strict=True)
    )
    return pooled(np.asarray(total), np.ones_like(y))


@pytest.mark.parametrize("size", [(64, 64), (48, 72), (72, 40)])
@pytest.mark.parametrize("strength", [0.03, 0.3])
def test_is_the_definition(size: tuple[int, int], strength: float, photos: Tensor) -> None:
    y = rgb_to_grey(photos[:1, :, : size[0], : size[1]].double())
    y[..., :8] = 0.001  # dark blocks
    x = (y + strength * torch.sin(torch.arange(float(size[1])) / 3)).clamp(0, 1)
    a, b = 255 * x[0, 0].numpy(), 255 * y[0, 0].numpy()
    seen = detection(a, b)
    share = 1 / (1 + math.exp(-2.55 / 3.35) * seen ** (1 / (math.log(10) * 3.35)))
    expected = seen**share * appearance(a, b) ** (1 - share)
    assert expected > 0
    assert mad(x, y).item() == pytest.approx(expected, rel=1e-9)


def test_faint_errors_are_not_visible(photos: Tensor) -> None:
    y = photos[:1]
    assert create_metric("mad")((y + 1e-6 * torch.sin(torch.arange(192.0))).clamp(0, 1), y).item() == 0


def test_black_and_overshooting_pixels_have_finite_gradients(photos: Tensor) -> None:
    y = photos[:1].clone()
    y[..., :96] = 0
    x = (y - 0.05 * torch.cos(torch.arange(192.0))).requires_grad_()
    score = create_metric("mad")(x, y)
    (gradient,) = torch.autograd.grad(score.sum(), x)
    assert score.item() > 0
    assert gradient.isfinite().all()


def test_channels(photos: Tensor) -> None:
    x, y = photos.flip(0).double(), photos.double()
    assert torch.equal(create_metric("mad:channel=y")(x, y), mad(rgb_to_y(x), rgb_to_y(y)))
    eight_bit = mad(rgb_to_grey(x, eight_bit=True), rgb_to_grey(y, eight_bit=True))
    assert torch.equal(create_metric("mad:channel=grey8")(x, y), eight_bit)
    with pytest.raises(UsageError, match="grey, grey8, y"):
        create_metric("mad:channel=rgb")
