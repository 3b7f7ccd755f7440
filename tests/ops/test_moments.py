import numpy as np
import torch

from beholder.ops.moments import block_moments, double_blocks


def test_moments_of_blocks_are_numpys() -> None:
    x = 1000 + torch.rand(1, 2, 34, 41, dtype=torch.float64)
    cells = block_moments(x, 4)
    found = double_blocks(double_blocks(cells, 1), 2)
    assert found.pixels == 256
    assert found.mean.shape == (1, 2, 5, 7)
    windows = np.lib.stride_tricks.sliding_window_view(x.numpy(), (16, 16), axis=(2, 3))[:, :, ::4, ::4]
    deviations = windows - windows.mean((4, 5), keepdims=True)
    assert np.allclose(found.mean.numpy(), windows.mean((4, 5)), rtol=1e-14)
    for power, sums in ((2, found.second), (3, found.third), (4, found.fourth)):
        assert np.allclose(sums.numpy(), (deviations**power).sum((4, 5)), rtol=1e-9, atol=1e-9)
