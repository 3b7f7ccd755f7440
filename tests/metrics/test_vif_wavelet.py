"""VIF in wavelets against its definition."""

import numpy as np
import pytest
import torch
from torch import Tensor

from beholder.catalog import create_metric
from beholder.metrics.vif_wavelet import vif_wavelet
from beholder.ops.color import rgb_to_grey
from beholder.ops.spatial_steerable import fifth_order_bands
from beholder.spec import UsageError


def information(y: Tensor, gain: float) -> float:
    """What reaches the eye of gain * y, noise-free, block by block."""
    told = 0.0
    for bands, border in zip(fifth_order_bands(255 * y, 4), (3, 2, 1, 1), strict=True):
        for band in bands[0].numpy():
            height, width = (size // 3 * 3 for size in band.shape)
            band = band[:height, :width]
            windows = np.lib.stride_tricks.sliding_window_view(band, (3, 3))
            every = windows.reshape(-1, 9).T
            spread = np.cov(every, bias=True)
            blocks = windows[::3, ::3][border:-border, border:-border].reshape(-1, 9)
            strength = np.einsum("pi,ij,pj->p", blocks, np.linalg.inv(spread), blocks) / 9
            for eigenvalue in np.linalg.eigvalsh(spread):
                told += np.log2(1 + gain**2 * strength * eigenvalue / 0.4).sum()
    return told


@pytest.mark.parametrize("size", [(65, 65), (80, 101)])
def test_less_contrast_by_the_book(size: tuple[int, int]) -> None:
    y = torch.rand(1, 1, *size, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    expected = information(y, 0.5) / information(y, 1)
    assert vif_wavelet(0.5 * y + 0.2, y).item() == pytest.approx(expected, rel=1e-7)


def test_equal_pictures_are_exactly_one(photos: Tensor) -> None:
    assert create_metric("vif_wavelet")(photos, photos.clone()).tolist() == [1.0] * 3


def test_flat_pictures(photos: Tensor) -> None:
    flat = torch.full_like(photos, 0.3)
    metric = create_metric("vif_wavelet")
    assert metric(flat, photos).abs().max() < 1e-4
    assert metric(photos, flat).tolist() == [1.0] * 3


def test_negative_keeps_nothing(photos: Tensor) -> None:
    assert create_metric("vif_wavelet")(1 - photos, photos).abs().max() < 1e-3


def test_channels(photos: Tensor) -> None:
    x = photos.flip(-1)
    rounded = [rgb_to_grey(image, eight_bit=True) for image in (x, photos)]
    assert torch.equal(create_metric("vif_wavelet:channel=grey8")(x, photos), vif_wavelet(*rounded))
    with pytest.raises(UsageError, match="expected one of grey, grey8, y"):
        create_metric("vif_wavelet:channel=rgb")
