import numpy as np
import pytest
import torch
from scipy import ndimage

from beholder.ops.borders import pad_symmetric
from beholder.ops.pyramids import laplacian_pyramid

ROW = (0.05, 0.25, 0.4, 0.25, 0.05)


@pytest.mark.parametrize(("before", "after"), [(0, 0), (2, 2), (1, 3)])
def test_symmetric_border_is_numpys(before: int, after: int) -> None:
    x = torch.rand(2, 3, 4, 5)
    border = (before, after)
    expected = np.pad(x.numpy(), ((0, 0), (0, 0), border, border), mode="symmetric")
    assert np.array_equal(pad_symmetric(x, before, after).numpy(), expected)


def levels_by_the_textbook(image: np.ndarray, levels: int) -> list[np.ndarray]:
    """Insert zeros, filter with four times the kernel, cut the border away."""
    kernel = np.outer(ROW, ROW)
    found = []
    for _ in range(levels - 1):
        low = ndimage.correlate(image, kernel, mode="reflect")[::2, ::2]
        padded = np.pad(low, 1, mode="edge")
        spread = np.zeros((2 * padded.shape[0], 2 * padded.shape[1]))
        spread[::2, ::2] = 4 * padded
        wide = ndimage.correlate(spread, kernel, mode="constant")[2:, 2:]
        found.append(image - wide[: image.shape[0], : image.shape[1]])
        image = low
    return [*found, image]


@pytest.mark.parametrize("size", [(32, 48), (17, 33), (50, 31)])
def test_laplacian_pyramid_is_the_textbooks(size: tuple[int, int]) -> None:
    x = torch.rand(2, 2, *size, dtype=torch.float64)
    found = laplacian_pyramid(x, 6)
    expected = levels_by_the_textbook(x[1, 0].numpy(), 6)
    assert [level.shape[-2:] for level in found] == [level.shape for level in expected]
    for ours, theirs in zip(found, expected, strict=True):
        assert np.allclose(ours[1, 0].numpy(), theirs, atol=1e-14)


def test_flat_picture_has_no_bands() -> None:
    *bands, low = laplacian_pyramid(torch.full((1, 1, 19, 24), 0.3, dtype=torch.float64), 4)
    assert all(band.abs().max() < 1e-15 for band in bands)
    assert torch.allclose(low, torch.full_like(low, 0.3), atol=1e-15)
