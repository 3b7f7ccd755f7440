"""NLPD against its definition, and its options."""

import math

import numpy as np
import pytest
import torch
from scipy import signal
from torch import Tensor

from beholder.catalog import create_metric
from beholder.metrics.nlpd import nlpd
from beholder.ops.color import rgb_to_grey, rgb_to_y
from beholder.ops.pyramids import laplacian_pyramid
from beholder.spec import UsageError


def cross(above: float, left: float, right: float, below: float, far_right: float = 0.0) -> np.ndarray:
    """The authors' table of one level, as printed."""
    table = np.zeros((5, 5))
    table[1, 2], table[2, 1], table[2, 3], table[3, 2], table[2, 4] = above, left, right, below, far_right
    return table


TABLES = [
    (0.0248, cross(0.1011, 0.1493, 0.1460, 0.1015, 0.0072)),
    (0.0185, cross(0.0757, 0.1986, 0.1846, 0.0837)),
    (0.0179, cross(0.0477, 0.2138, 0.2243, 0.0467)),
    (0.0191, cross(0, 0.2503, 0.2616, 0)),
    (0.0220, cross(0, 0.2598, 0.2552, 0)),
    (0.2782, cross(0, 0.2215, 0.0717, 0)),
]


def normalised(image: Tensor) -> list[np.ndarray]:
    bands = [band[0, 0].numpy() for band in laplacian_pyramid(image, 6)]
    return [
        band / (sigma + signal.convolve2d(abs(band), table, mode="same"))
        for band, (sigma, table) in zip(bands, TABLES, strict=True)
    ]


def test_is_the_definition(photos: Tensor) -> None:
    y = rgb_to_grey(photos[:1].double())
    x = (y + 0.1 * torch.sin(torch.arange(192.0) / 3)).clamp(0, 1)
    pairs = zip(normalised(x), normalised(y), strict=True)
    expected = np.mean([math.sqrt(np.mean((a - b) ** 2)) for a, b in pairs])
    assert nlpd(x, y).item() == pytest.approx(expected, abs=1e-13)


def test_flat_pictures_by_hand() -> None:
    """Only the low-pass image differs; one column wide, it has no neighbours to mask it."""
    y = torch.full((1, 1, 32, 32), 0.2, dtype=torch.float64)
    expected = (0.5 - 0.2) / 0.2782 / 6
    assert nlpd(torch.full_like(y, 0.5), y).item() == pytest.approx(expected, abs=1e-12)


def test_channels(photos: Tensor) -> None:
    x, y = photos.flip(0), photos
    assert torch.equal(create_metric("nlpd:channel=y")(x, y), nlpd(rgb_to_y(x), rgb_to_y(y)))
    eight_bit = nlpd(rgb_to_grey(x, eight_bit=True), rgb_to_grey(y, eight_bit=True))
    assert torch.equal(create_metric("nlpd:channel=grey8")(x, y), eight_bit)
    with pytest.raises(UsageError, match="grey, grey8, y"):
        create_metric("nlpd:channel=rgb")
