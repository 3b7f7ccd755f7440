"""Shrinking against MATLAB's rule, blurs against SciPy."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import ndimage
from torch import Tensor

from beholder.data.degradations import Shrink
from beholder.ops.resize import resize
from beholder.spec import ShapeError, UsageError


def source(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def shrunk(blurred: np.ndarray, scale: int) -> Tensor:
    """What a file holds of a picture shrunk, in levels."""
    picture = torch.from_numpy(blurred).float()
    small = resize(picture[None], picture.shape[1] // scale, picture.shape[2] // scale)[0]
    return (small.clamp(0, 1) * 255).round()


@pytest.mark.parametrize("scale", [2, 3, 4, 8])
def test_matlabs_rule_on_256_levels(photos: Tensor, scale: int) -> None:
    clean = photos[0, :, :50, :77]
    height, width = 50 // scale * scale, 77 // scale * scale  # what is left over is dropped
    found = Shrink(scale)(clean, source())
    assert torch.equal(found * 255, shrunk(clean[:, :height, :width].numpy(), scale))


def test_blur_alike_in_all_directions(photos: Tensor) -> None:
    clean = photos[1, :, :64, :64]
    radius = 5
    places = np.arange(-radius, radius + 1)
    weights = np.exp(-(places**2) / (2 * 1.5**2))
    blurred = clean.numpy()
    for axis in (1, 2):
        blurred = ndimage.correlate1d(blurred, weights / weights.sum(), axis=axis, mode="nearest")
    difference = Shrink(2, sigma=1.5)(clean, source()) * 255 - shrunk(blurred, 2)
    assert difference.abs().max() <= 1
    assert (difference != 0).float().mean() < 1e-3


@pytest.mark.parametrize("degrees", [0, 30, 90])
def test_blur_that_differs_by_direction(photos: Tensor, degrees: float) -> None:
    clean = photos[2, :, :64, :64]
    turn = np.deg2rad(degrees)
    # directions as (down, right); the covariance of the Gaussian from its axes
    axes = np.array([[np.sin(turn), np.cos(turn)], [np.cos(turn), -np.sin(turn)]])
    inverse = np.linalg.inv(axes.T @ np.diag([3.0**2, 0.8**2]) @ axes)
    places = np.stack(np.mgrid[-9:10, -9:10], -1)
    kernel = np.exp(-np.einsum("hwi,ij,hwj->hw", places, inverse, places) / 2)
    blurred = np.stack(
        [ndimage.correlate(plane, kernel / kernel.sum(), mode="nearest") for plane in clean.numpy()]
    )
    found = Shrink(2, sigma=3, across=0.8, angle=degrees)(clean, source())
    difference = found * 255 - shrunk(blurred, 2)
    assert difference.abs().max() <= 1
    assert (difference != 0).float().mean() < 1e-3


def test_zero_degrees_is_along_the_rows() -> None:
    point = torch.zeros(3, 32, 32)
    point[:, 16, 16] = 1
    spread = Shrink(2, sigma=4, across=0.5, angle=0)(point * 1.0, source())[0]
    assert (spread > 0).any(0).sum() > 2 * (spread > 0).any(1).sum()


def test_unknown_blurs_are_drawn(photos: Tensor) -> None:
    unknown = Shrink(4, sigma="0.2..4", across="0.2..4")
    first, again, other = (unknown(photos[0], source(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_what_is_impossible_is_refused() -> None:
    with pytest.raises(UsageError, match="scale is 5; expected one of 2, 3, 4, 8"):
        Shrink(5)
    with pytest.raises(UsageError, match="across is given without sigma"):
        Shrink(2, across=1)
    for bad in (0, -1, "a", (1, 2, 3), 1e9):
        with pytest.raises(UsageError, match=r"sigma is .* number from 0.1 to 50"):
            Shrink(2, sigma=bad)
    with pytest.raises(UsageError, match="angle"):
        Shrink(2, angle="north")
    with pytest.raises(ShapeError, match="the picture is 9x3; expected at least 4 pixels a side"):
        Shrink(4)(torch.rand(3, 3, 9), source())
