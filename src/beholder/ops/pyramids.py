"""Down-sampling by averaging blocks, with the borders that the authors' MATLAB code has."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["halve", "subsample_box"]


def halve(x: Tensor) -> Tensor:
    """Average blocks of 2x2 pixels; the last row or column of an odd size is averaged alone.

    Equals ``imfilter(x, ones(2)/4, 'symmetric')`` sampled at every second pixel.

    Args:
        x: Shape (N, C, H, W).

    Returns:
        Shape (N, C, ceil(H / 2), ceil(W / 2)).
    """
    return functional.avg_pool2d(x, 2, ceil_mode=True, count_include_pad=False)


def subsample_box(x: Tensor, factor: int) -> Tensor:
    """Filter with a box of ``factor`` pixels a side, symmetric borders, and keep every ``factor``-th pixel.

    Equals ``imfilter(x, ones(f)/f^2, 'symmetric')`` followed by ``x(1:f:end, 1:f:end)``.

    Args:
        x: Shape (N, C, H, W).
        factor: Side of the box and step, at least 1.

    Returns:
        Shape (N, C, ceil(H / factor), ceil(W / factor)).
    """
    if factor == 1:
        return x
    before = (factor - 1) // 2
    after = factor - 1 - before
    for dim in (-2, -1):
        size = x.shape[dim]
        # A symmetric border mirrors the edge pixel too, which no padding mode of torch does.
        x = torch.cat(
            [x.narrow(dim, 0, before).flip(dim), x, x.narrow(dim, size - after, after).flip(dim)], dim
        )
    return functional.avg_pool2d(x, factor)
