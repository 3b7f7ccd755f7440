import numpy as np
import pytest
import torch

from beholder.ops.windows import window_sums


@pytest.mark.parametrize("size", [2, 4, 8])
def test_sums_by_the_definition(size: int) -> None:
    x = torch.rand(2, 2, 11, 9, dtype=torch.float64)
    sums, deviations = window_sums(x, size)
    windows = np.lib.stride_tricks.sliding_window_view(x.numpy(), (size, size), (2, 3))
    assert np.allclose(sums.numpy(), windows.sum((4, 5)), atol=1e-12)
    assert np.allclose(deviations.numpy(), windows.var((4, 5)) * size**2, atol=1e-12)


def test_faint_detail_in_bright_light_keeps_its_digits() -> None:
    x = torch.full((1, 1, 16, 16), 247 / 255)
    assert window_sums(x, 8)[1].abs().max() == 0
    x[..., 8, 8] = 248 / 255
    single, double = window_sums(x, 8)[1], window_sums(x.double(), 8)[1]
    assert torch.allclose(single.double(), double, rtol=1e-4, atol=0)
