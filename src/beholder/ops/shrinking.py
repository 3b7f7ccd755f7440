"""Averaging blocks of pixels with black beyond the border, as MATLAB's ``conv2(x, ones(f)/f^2, 'same')`` does."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from torch.nn import functional

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["shrink", "viewing_factor"]


def viewing_factor(height: int, width: int) -> int:
    """How many times to shrink a picture so that its shorter side has about 256 pixels, at least 1.

    MATLAB's ``max(1, round(min(height, width) / 256))``, which takes halves up; Python's ``round`` takes them to
    the even number.
    """
    return max(1, math.floor(min(height, width) / 256 + 0.5))


def shrink(x: Tensor, factor: int) -> Tensor:
    """Average boxes of ``factor`` pixels a side, counting 0 beyond the border, around every ``factor``-th pixel.

    Equals ``conv2(x, ones(f)/f^2, 'same')`` sampled at ``(1:f:end, 1:f:end)``.

    Args:
        x: Shape (N, C, H, W).
        factor: Side of the box and step, at least 1.

    Returns:
        Shape (N, C, ceil(H / factor), ceil(W / factor)).
    """
    if factor == 1:
        return x
    before = (factor - 1) // 2
    below, right = (max(0, -(-size // factor) * factor - size - before) for size in x.shape[-2:])
    if before or below or right:
        x = functional.pad(x, (before, right, before, below))
    # Sums of slices take a quarter of avg_pool2d's time.
    return _sum_blocks(_sum_blocks(x, factor, -2), factor, -1) / factor**2


def _sum_blocks(x: Tensor, factor: int, dim: int) -> Tensor:
    x = x.narrow(dim, 0, x.shape[dim] // factor * factor)
    step = (slice(None),) * (x.ndim + dim)
    total = x[(*step, slice(0, None, factor))]
    for start in range(1, factor):
        total = total + x[(*step, slice(start, None, factor))]
    return total
