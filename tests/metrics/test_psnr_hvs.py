"""PSNR-HVS-M and PSNR-HVS against the definition, block by block."""

import math

import numpy as np
import pytest
import torch
from scipy import fft
from torch import Tensor

from beholder.catalog import create_metric
from beholder.metrics import psnr_hvs
from beholder.metrics.psnr_hvs import psnr_hvs_m
from beholder.ops.color import rgb_to_grey, rgb_to_y
from beholder.ops.jpeg import LUMA_TABLE
from beholder.spec import UsageError

# The first row and the last entry of each table, as the authors print them.
SENSITIVITY = [1.608443, 2.339554, 2.573509, 1.608443, 1.072295, 0.643377, 0.504610, 0.421887, 0.259950]
MASKING = [0.390625, 0.826446, 1.000000, 0.390625, 0.173611, 0.062500, 0.038447, 0.026874, 0.010203]


def test_tables_are_the_authors() -> None:
    for ours, theirs in ((psnr_hvs._SENSITIVITY, SENSITIVITY), (psnr_hvs._MASKING, MASKING)):
        assert [*ours[:8], ours[-1]] == theirs
        assert len(ours) == 64


def table(numerator: float, power: int) -> np.ndarray:
    return np.round((numerator / np.array(LUMA_TABLE)) ** power, 6)


def hidden(block: np.ndarray) -> float:
    coefficients = fft.dctn(block, norm="ortho")
    coefficients[0, 0] = 0
    whole = block.var(ddof=1) * 64
    quarters = sum(block[i : i + 4, j : j + 4].var(ddof=1) * 16 for i in (0, 4) for j in (0, 4))
    share = quarters / whole if whole else 0
    return math.sqrt((coefficients**2 * table(10, 2)).sum() * share) / 32


def by_the_definition(x: np.ndarray, y: np.ndarray, *, masking: bool) -> float:
    total, blocks = 0.0, 0
    for i in range(0, x.shape[0] - 7, 8):
        for j in range(0, x.shape[1] - 7, 8):
            a, b = x[i : i + 8, j : j + 8], y[i : i + 8, j : j + 8]
            difference = abs(fft.dctn(a, norm="ortho") - fft.dctn(b, norm="ortho"))
            if masking:
                threshold = max(hidden(a), hidden(b)) / table(10, 2)
                threshold[0, 0] = 0
                difference = np.maximum(difference - threshold, 0)
            total += ((difference * table(25.73509, 1)) ** 2).mean()
            blocks += 1
    return 10 * math.log10(255**2 / (total / blocks))


@pytest.mark.parametrize("masking", [True, False])
@pytest.mark.parametrize("size", [(64, 48), (45, 31)])
def test_is_the_definition(masking: bool, size: tuple[int, int], photos: Tensor) -> None:
    y = rgb_to_grey(photos[:1, :, : size[0], : size[1]].double())
    y[..., :16, :16] = 0.25  # flat blocks
    y[..., 16:24, :16] = torch.arange(2.0).repeat_interleave(4).repeat(2)  # blocks of flat quarters
    x = (y + 0.1 * torch.sin(torch.arange(float(size[1])) / 3)).clamp(0, 1)
    expected = by_the_definition(255 * x[0, 0].numpy(), 255 * y[0, 0].numpy(), masking=masking)
    assert psnr_hvs_m(x, y, masking=masking).item() == pytest.approx(expected, abs=1e-11)


@pytest.mark.parametrize("name", ["psnr_hvs", "psnr_hvs_m"])
def test_shifted_brightness_by_hand(name: str, photos: Tensor) -> None:
    """Only the mean of each block differs, by 8 times the shift, and nothing hides it."""
    y = 0.5 * photos.double()
    expected = -10 * math.log10((8 * 0.1 * 1.608443) ** 2 / 64)
    assert create_metric(name)(y + 0.1, y).tolist() == pytest.approx([expected] * 3, abs=1e-10)


def test_what_contrast_hides_is_not_seen() -> None:
    noise = torch.rand(1, 1, 64, 64, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    stripes = torch.tensor([1.0, -1.0]).repeat(32).double()  # has mean 0 in each block
    # Not infinite: rounding leaves the means of the blocks a trace.
    assert psnr_hvs_m(noise + 0.001 * stripes, noise).item() > 300
    assert psnr_hvs_m(noise + 0.001 * stripes, noise, masking=False).item() < 80


def test_options(photos: Tensor) -> None:
    x, y = photos.flip(0), photos
    assert torch.equal(create_metric("psnr_hvs_m:masking=false")(x, y), create_metric("psnr_hvs")(x, y))
    assert torch.equal(create_metric("psnr_hvs_m:channel=y")(x, y), psnr_hvs_m(rgb_to_y(x), rgb_to_y(y)))
    with pytest.raises(UsageError, match="grey, grey8, y"):
        create_metric("psnr_hvs_m:channel=rgb")
    with pytest.raises(UsageError, match="expected true or false"):
        create_metric("psnr_hvs_m:masking=3")
