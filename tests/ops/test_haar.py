import numpy as np
import torch
from scipy import signal

from beholder.ops.haar import haar_responses


def conv2_same(x: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """MATLAB's central part, which starts half an even kernel in; scipy's starts a pixel earlier."""
    start = [side // 2 for side in kernel.shape]
    full = signal.convolve2d(x, kernel, "full")
    return full[start[0] : start[0] + x.shape[0], start[1] : start[1] + x.shape[1]]


def test_responses_are_those_of_the_wavelets() -> None:
    x = torch.rand(2, 1, 13, 10, dtype=torch.float64)
    for scale, found in enumerate(haar_responses(x, 3), start=1):
        wavelet = np.full((2**scale, 2**scale), 2.0**-scale)
        wavelet[: 2 ** (scale - 1)] *= -1
        for channel, kernel in enumerate((wavelet, wavelet.T)):
            expected = conv2_same(x[1, 0].numpy(), kernel)
            assert np.allclose(np.abs(found[1, channel].numpy()), np.abs(expected), atol=1e-12)


def test_a_flat_picture_has_no_response_inside() -> None:
    responses = haar_responses(torch.full((1, 1, 20, 20), 0.9), 3)
    assert all(response[..., 4:-4, 4:-4].abs().max() == 0 for response in responses)
