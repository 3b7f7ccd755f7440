"""One level of a wavelet transform."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["split_bands"]

# Daubechies' wavelet with two vanishing moments ("db2"): (1 +- sqrt(3)) / (4 sqrt(2)), (3 +- sqrt(3)) / (4 sqrt(2)).
_LOW = (0.482962913144690, 0.836516303737469, 0.224143868041857, -0.129409522550921)
_HIGH = (-0.129409522550921, -0.224143868041857, 0.836516303737469, -0.482962913144690)


def split_bands(x: Tensor) -> tuple[Tensor, Tensor]:
    """Low and high frequencies of images after Daubechies' wavelet of four taps.

    Output i sees the inputs 2i - 1 to 2i + 2. Before the first pixel the image is mirrored at the pixel, after
    the last one behind it, as libvmaf has it.

    Args:
        x: Images, shape (N, 1, H, W), H and W at least 2.

    Returns:
        The band that is low in both directions, shape (N, 1, ceil(H / 2), ceil(W / 2)); and the bands that
        are high along the columns (horizontal edges), along the rows (vertical edges) and along both
        (diagonals), shape (N, 3, ceil(H / 2), ceil(W / 2)).
    """
    low, high = (torch.tensor(taps, dtype=x.dtype, device=x.device) for taps in (_LOW, _HIGH))
    kernels = torch.stack(
        [torch.outer(a, b) for a, b in ((low, low), (high, low), (low, high), (high, high))]
    )
    bands = functional.conv2d(_extend(_extend(x, -1), -2), kernels.unsqueeze(1), stride=2)
    return bands[:, :1], bands[:, 1:]


def _extend(x: Tensor, dim: int) -> Tensor:
    size = x.shape[dim]
    after = [x.narrow(dim, size - 1, 1)]
    if size % 2:
        after.append(x.narrow(dim, size - 2, 1))
    return torch.cat([x.narrow(dim, 1, 1), x, *after], dim)
