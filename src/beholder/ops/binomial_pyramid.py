"""The Laplacian pyramid with binomial filters, as Simoncelli's matlabPyrTools build it."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from beholder.ops.filters import filter_separable

__all__ = ["binomial_pyramid"]

_BINOMIAL = (1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16)


def binomial_pyramid(x: Tensor, levels: int) -> list[Tensor]:
    """Band-pass images of falling size, and the low-pass image that is left.

    Each level is the image less its down-sampled copy, enlarged again; the next starts from the down-sampled copy.
    Both filters are (1, 4, 6, 4, 1) / 16 times the square root of 2, so each level is twice as strong as the one
    before. Borders are mirrored about the edge pixel. Equals ``buildLpyr(x, levels, 'binom5', 'binom5',
    'reflect1')``.

    Args:
        x: Shape (N, C, H, W), H and W above 2^levels.
        levels: Number of images, the low-pass one included.

    Returns:
        Shapes (N, C, ceil(H / 2^k), ceil(W / 2^k)), the finest first. Enlarging and adding from the last to the
        first restores ``x``.

    References:
        Burt and Adelson, "The Laplacian Pyramid as a Compact Image Code", IEEE Transactions on Communications
        1983, doi:10.1109/TCOM.1983.1095851.
    """
    kernel = torch.tensor([math.sqrt(2) * weight for weight in _BINOMIAL], dtype=x.dtype, device=x.device)
    pyramid = []
    for _ in range(levels - 1):
        low = filter_separable(functional.pad(x, (2, 2, 2, 2), mode="reflect"), kernel, step=2)
        wide = _enlarge(_enlarge(low, x.shape[-2]).mT, x.shape[-1]).mT
        pyramid.append(x - wide)
        x = low
    return [*pyramid, x]


def _enlarge(x: Tensor, height: int) -> Tensor:
    """Put zeros between the rows, as many as make ``height`` rows, and filter them."""
    # The mirror of the enlarged image shows its last row of zeros once, or its last true row once.
    last = x[..., -1:, :] if height % 2 == 0 else x[..., -2:-1, :]
    padded = torch.cat([x[..., 1:2, :], x, last], -2)
    before, here, after = padded[..., :-2, :], padded[..., 1:-1, :], padded[..., 2:, :]
    even = math.sqrt(2) / 16 * (before + 6 * here + after)
    odd = math.sqrt(2) / 4 * (here + after)
    return torch.stack([even, odd], -2).flatten(-3, -2)[..., :height, :]
