import math

import numpy as np
import pytest
import torch

from beholder.ops.steerable import complex_band


@pytest.mark.parametrize(("level", "size"), [(1, (16, 17)), (2, (33, 40)), (3, (48, 35))])
def test_band_has_the_size_of_its_level(level: int, size: tuple[int, int]) -> None:
    band = complex_band(torch.rand(2, 1, *size), level, 4)
    assert band.shape == (2, 4, *(math.ceil(side / 2 ** (level - 1)) for side in size))


def test_wave_is_a_turning_coefficient_of_its_own_band() -> None:
    """cos(2 pi 8 x / 64): 2 octaves below half the sampling rate, so whole in the second level and absent elsewhere."""
    columns = torch.arange(64, dtype=torch.float64)
    wave = (2 * math.pi * 8 / 64 * columns).cos().expand(1, 1, 64, 64)
    order = 3
    constant = 2 ** (2 * order) * math.factorial(order) ** 2 / (4 * math.factorial(2 * order))
    band = complex_band(wave, 2, 4)[0]
    # Half of the wave's amplitude lies at the positive frequency; the filter doubles it.
    turning = np.sqrt(constant) * np.exp(2j * np.pi * 8 / 64 * 2 * np.arange(32))
    assert np.allclose(band[0].numpy(), np.broadcast_to(turning, (32, 32)), atol=1e-12)
    assert np.allclose(band[1].abs().numpy(), math.cos(math.pi / 4) ** 3 * math.sqrt(constant))
    assert band[2].abs().max() < 1e-12
    assert complex_band(wave, 4, 4).abs().max() < 1e-12


def test_mean_is_in_no_band() -> None:
    assert complex_band(torch.full((1, 1, 20, 20), 0.7), 2, 8).abs().max() < 1e-6
