"""VIF against its definition."""

import numpy as np
import pytest
import torch
from scipy import ndimage
from torch import Tensor

from beholder.catalog import create_metric
from beholder.metrics.vif import vif
from beholder.ops.color import rgb_to_grey
from beholder.spec import UsageError


def information(y: np.ndarray, gain: float) -> float:
    """What reaches the eye of gain * y, noise-free, by the textbook: filter, keep the inside, every second pixel."""
    total = 0.0
    for scale, size in enumerate((17, 9, 5, 3)):
        inside = slice(size // 2, -(size // 2))

        def smooth(image: np.ndarray, size: int = size, inside: slice = inside) -> np.ndarray:
            return ndimage.gaussian_filter(image, size / 5, radius=size // 2)[inside, inside]

        if scale:
            y = smooth(y)[::2, ::2]
        variance = smooth(y * y) - smooth(y) ** 2
        total += np.log(1 + gain**2 * variance / 2).sum()
    return total


@pytest.mark.parametrize("gain", [0.5, 0.9])
@pytest.mark.parametrize("size", [(41, 41), (64, 75)])
def test_vif_of_less_contrast(gain: float, size: tuple[int, int]) -> None:
    y = torch.rand(1, 1, *size, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    levels = y[0, 0].numpy() * 255
    expected = information(levels, gain) / information(levels, 1)
    assert vif(gain * y + 0.05, y).item() == pytest.approx(expected, rel=1e-9)


def test_vif_of_equal_pictures_is_exactly_one(photos: Tensor) -> None:
    assert create_metric("vif")(photos, photos.clone()).tolist() == [1.0] * 3


def test_vif_exceeds_one_where_contrast_grows(photos: Tensor) -> None:
    y = rgb_to_grey(photos) * 0.5 + 0.25
    assert (vif((y - 0.5) * 1.5 + 0.5, y) > 1.05).all()


def test_vif_of_the_flat(photos: Tensor) -> None:
    flat = torch.full_like(photos, 0.3)
    metric = create_metric("vif")
    assert metric(flat, photos).abs().max() < 1e-4
    assert metric(photos, flat).tolist() == [1.0] * 3


def test_vif_of_a_negative_keeps_nothing(photos: Tensor) -> None:
    assert create_metric("vif")(1 - photos, photos).abs().max() < 1e-3


def test_vif_channels(photos: Tensor) -> None:
    x = photos.flip(-1)
    rounded = [rgb_to_grey(image, eight_bit=True) for image in (x, photos)]
    assert torch.equal(create_metric("vif:channel=grey8")(x, photos), vif(*rounded))
    with pytest.raises(UsageError, match="expected one of grey, grey8, y"):
        create_metric("vif:channel=rgb")
