import numpy as np
import pytest
import torch
from scipy import ndimage

from beholder.ops.binomial_pyramid import binomial_pyramid

KERNEL = np.sqrt(2) * np.array([1, 4, 6, 4, 1]) / 16


def textbook(x: np.ndarray, levels: int) -> list[np.ndarray]:
    """With every zero put in and every border mirrored about the edge pixel."""

    def smooth(image: np.ndarray) -> np.ndarray:
        for axis in (0, 1):
            image = ndimage.correlate1d(image, KERNEL, axis=axis, mode="mirror")
        return image

    pyramid = []
    for _ in range(levels - 1):
        low = smooth(x)[::2, ::2]
        wide = np.zeros_like(x)
        wide[::2, ::2] = low
        pyramid.append(x - smooth(wide))
        x = low
    return [*pyramid, x]


@pytest.mark.parametrize("size", [(32, 32), (33, 40), (37, 47), (48, 35)])
def test_pyramid_is_the_textbooks(size: tuple[int, int]) -> None:
    x = torch.rand(2, 3, *size, dtype=torch.float64)
    for found, expected in zip(binomial_pyramid(x, 4), textbook(x[1, 2].numpy(), 4), strict=True):
        assert np.allclose(found[1, 2].numpy(), expected, atol=1e-12)


def test_flat_images_have_flat_levels() -> None:
    *bands, low = binomial_pyramid(torch.full((1, 1, 21, 34), 0.5, dtype=torch.float64), 3)
    assert all(band.abs().max() < 1e-12 for band in bands)
    assert torch.allclose(low, torch.full_like(low, 0.5 * 4))
