import numpy as np
import torch
from scipy import ndimage

from beholder.ops.spatial_steerable import fifth_order_bands


def test_bands_have_the_sizes_of_their_levels() -> None:
    bands = fifth_order_bands(torch.rand(2, 1, 65, 90), 3)
    assert [band.shape for band in bands] == [(2, 2, 65, 90), (2, 2, 33, 45), (2, 2, 17, 23)]


def test_second_band_is_the_first_of_the_turned_image() -> None:
    x = torch.rand(1, 1, 40, 50, dtype=torch.float64)
    for band, turned in zip(fifth_order_bands(x, 2), fifth_order_bands(x.mT, 2), strict=True):
        assert torch.allclose(band[:, 1], turned[:, 0].mT, atol=1e-12)


def test_upright_band_sees_upright_edges_only() -> None:
    x = torch.zeros(1, 1, 40, 40, dtype=torch.float64)
    x[..., 20:] = 1
    for upright, level in (band[0] for band in fifth_order_bands(x, 2)):
        assert upright.abs().max() > 0.1
        assert level.abs().max() < 1e-12


def test_point_shows_the_published_filters() -> None:
    x = torch.zeros(1, 1, 31, 31, dtype=torch.float64)
    x[..., 15, 15] = 1
    first = [[0.00341614, -0.01551246, -0.03848215], [0, 0.05586982, 0.1592557], [0, 0, 0.40304148]]
    corner = np.array(first) + np.triu(first, 1).T
    low = np.pad(corner, ((0, 2), (0, 2)), mode="reflect")
    middle_row = np.array([0.01455399, 0.02755155, -0.11732297, 0, 0.11732297, -0.02755155, -0.01455399])
    band = fifth_order_bands(x, 1)[0][0, 0].numpy()
    # Summed over rows, a band is the sum of its filter's rows across the summed low-pass filter.
    rows = np.array(
        [
            [0.00277643, -0.00986904, -0.01021852],
            [0.00496194, -0.00893064, -0.03075356],
            [0.01026699, 0.01189859, -0.08226445],
        ]
    ).sum(0)
    across = 2 * np.concatenate([rows, [0], -rows[::-1]]) + middle_row
    expected = ndimage.correlate1d(np.pad(low.sum(0), 13), across, mode="constant")
    assert np.allclose(band.sum(0), expected, atol=1e-12)
