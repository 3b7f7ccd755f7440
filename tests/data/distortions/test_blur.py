"""Loss of detail."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import ndimage
from skimage.restoration import denoise_bilateral
from torch import Tensor

from beholder.data.distortions import DISTORTIONS
from beholder.data.drawing import random_source
from beholder.data.photos import PHOTOS


def distort(name: str, picture: Tensor, strength: float) -> Tensor:
    return DISTORTIONS[name](picture, strength, random_source("0"))


def test_gaussian_blur_is_scipys() -> None:
    picture = PHOTOS[0].detail(40)
    expected = [ndimage.gaussian_filter(plane, 1.5, mode="nearest") for plane in picture.numpy()]
    assert np.abs(distort("gaussian_blur", picture, 0.5).numpy() - np.stack(expected)).max() < 1e-5


def test_bilateral_blur_on_grey_is_scikit_images() -> None:
    # Its window is a square and its weights come from a table of 10,000; a grey level that differs by c differs by
    # the root of 3 times c in colour.
    grey = PHOTOS[4].detail(40)[0]
    found = distort("bilateral_blur", grey.expand(3, -1, -1), 0.6)[1].numpy()
    expected = denoise_bilateral(
        grey.numpy().astype(float), 13, sigma_color=0.18 / 3**0.5, sigma_spatial=3, bins=10_000, mode="edge"
    )
    assert np.abs(found - expected).max() < 0.01


def test_bilateral_blur_keeps_edges() -> None:
    picture = torch.full((3, 32, 32), 0.2)
    picture[:, :, 16:] = 0.9
    noisy = picture + 0.02 * torch.randn(picture.shape, generator=random_source("noise"))
    smooth = distort("bilateral_blur", noisy.clamp(0, 1), 0.3)
    assert (smooth - picture).std() < 0.3 * 0.02
    assert (distort("gaussian_blur", noisy.clamp(0, 1), 0.3) - picture).abs().max() > 0.2
    assert smooth[:, :, 15].mean().item() == pytest.approx(0.2, abs=0.01)
    assert smooth[:, :, 16].mean().item() == pytest.approx(0.9, abs=0.01)
