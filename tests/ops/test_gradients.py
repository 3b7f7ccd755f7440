import numpy as np
import torch
from scipy import signal

from beholder.ops.gradients import prewitt, scharr, sobel


def test_prewitt_is_conv2_with_black_borders() -> None:
    x = torch.rand(2, 3, 7, 10, dtype=torch.float64)
    across, down = prewitt(x)
    kernel = np.array([[1, 0, -1]] * 3) / 3  # convolution flips it
    for found, wanted in ((across, kernel), (down, kernel.T)):
        assert np.allclose(
            found[1, 2].numpy(), signal.convolve2d(x[1, 2].numpy(), wanted, "same"), atol=1e-12
        )


def test_scharr_is_conv2_with_black_borders() -> None:
    x = torch.rand(2, 3, 7, 10, dtype=torch.float64)
    across, down = scharr(x)
    kernel = np.array([[3, 0, -3], [10, 0, -10], [3, 0, -3]]) / 16
    for found, wanted in ((across, kernel), (down, kernel.T)):
        assert np.allclose(
            found[1, 2].numpy(), signal.convolve2d(x[1, 2].numpy(), wanted, "same"), atol=1e-12
        )


def test_sobel_is_conv2_inside_the_picture() -> None:
    x = torch.rand(2, 3, 7, 10, dtype=torch.float64)
    across, down = sobel(x)
    kernel = np.array([[1, 0, -1], [2, 0, -2], [1, 0, -1]]) / 4
    for found, wanted in ((across, kernel), (down, kernel.T)):
        assert np.allclose(
            found[1, 2].numpy(), signal.convolve2d(x[1, 2].numpy(), wanted, "valid"), atol=1e-12
        )
