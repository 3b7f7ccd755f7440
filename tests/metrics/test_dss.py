"""DSS against its definition, subband by subband."""

import math

import numpy as np
import pytest
import torch
from scipy import fft, ndimage
from torch import Tensor

from beholder.catalog import create_metric
from beholder.metrics.dss import dss
from beholder.ops.color import rgb_to_grey, rgb_to_y
from beholder.spec import UsageError

ROW = np.exp(-np.array([1, 0, 1]) / (2 * 1.5**2))
WINDOW = np.outer(ROW, ROW) / ROW.sum() ** 2


def filtered(image: np.ndarray) -> np.ndarray:
    return ndimage.correlate(image, WINDOW, mode="constant")


def subband(image: np.ndarray, down: int, across: int) -> np.ndarray:
    rows, columns = image.shape[0] // 8, image.shape[1] // 8
    blocks = image[: rows * 8, : columns * 8].reshape(rows, 8, columns, 8).transpose(0, 2, 1, 3)
    return fft.dctn(blocks, axes=(2, 3), norm="ortho")[..., down, across]


def worst(values: np.ndarray) -> float:
    return np.sort(values.ravel())[: math.floor(0.05 * values.size + 0.5)].mean()


def by_the_definition(x: np.ndarray, y: np.ndarray) -> float:
    total = weights = 0.0
    for down in range(8):
        for across in range(8):
            weight = math.exp(-((down + 0.5) ** 2 + (across + 0.5) ** 2) / (2 * 1.55**2))
            if weight < 0.01:
                continue
            a, b = subband(x, down, across), subband(y, down, across)
            c = 300 if down or across else 1000
            of_a, of_b = (np.maximum(filtered(s * s) - filtered(s) ** 2, 0) for s in (a, b))
            score = worst((2 * np.sqrt(of_a * of_b) + c) / (of_a + of_b + c))
            if not (down or across):
                covariance = filtered(a * b) - filtered(a) * filtered(b)
                score *= worst((covariance + c) / (np.sqrt(of_a * of_b) + c))
            total, weights = total + weight * score, weights + weight
    return total / weights


@pytest.mark.parametrize("size", [(192, 192), (45, 100), (32, 32)])
def test_is_the_definition(size: tuple[int, int], photos: Tensor) -> None:
    y = rgb_to_grey(photos[:1, :, : size[0], : size[1]].double())
    x = (y + 0.1 * torch.sin(torch.arange(float(size[1])) / 3)).clamp(0, 1)
    expected = by_the_definition(255 * x[0, 0].numpy(), 255 * y[0, 0].numpy())
    assert dss(x, y).item() == pytest.approx(expected, abs=1e-12)


def test_channels(photos: Tensor) -> None:
    x, y = photos.flip(0), photos
    assert torch.equal(create_metric("dss:channel=y")(x, y), dss(rgb_to_y(x), rgb_to_y(y)))
    eight_bit = dss(rgb_to_grey(x, eight_bit=True), rgb_to_grey(y, eight_bit=True))
    assert torch.equal(create_metric("dss:channel=grey8")(x, y), eight_bit)
    with pytest.raises(UsageError, match="grey, grey8, y"):
        create_metric("dss:channel=rgb")
