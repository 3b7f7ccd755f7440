import numpy as np
import pytest
import torch
from scipy import signal

from beholder.ops.shrinking import shrink, viewing_factor


@pytest.mark.parametrize("factor", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("size", [(12, 12), (13, 17), (10, 11), (3, 2)])
def test_shrinking_is_conv2_sampled(factor: int, size: tuple[int, int]) -> None:
    x = torch.rand(1, 2, *size, dtype=torch.float64)
    padded = np.pad(x[0, 1].numpy(), factor)  # "same" in scipy means the larger of picture and box
    wanted = signal.convolve2d(padded, np.full((factor, factor), factor**-2), "full")
    start = factor + factor // 2  # conv2's "same" is the full one's middle
    wanted = wanted[start : start + size[0] : factor, start : start + size[1] : factor]
    assert np.allclose(shrink(x, factor)[0, 1].numpy(), wanted, atol=1e-12)


def test_factor_takes_halves_up() -> None:
    # In MATLAB, round(383 / 256) is 1, round(384 / 256) is 2 and round(640 / 256) is 3.
    assert [viewing_factor(size, 1000) for size in (8, 383, 384, 640)] == [1, 1, 2, 3]
    assert viewing_factor(1000, 512) == 2
