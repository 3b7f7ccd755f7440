"""Pairs of pictures or feature maps in strips, which need less room than the whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from beholder.ops.tracing import is_traced

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["in_strips", "in_window_strips"]


def in_strips(x: Tensor, y: Tensor, *, dim: int, numbers: int) -> list[tuple[Tensor, Tensor]]:
    """Two tensors of one shape, cut alike along a dimension.

    Products and differences of strips stay in the cache, and on large pictures leave no room-filling copies behind.

    Args:
        x: What to cut.
        y: What to cut alike.
        dim: Along which dimension.
        numbers: How many numbers a strip of ``x`` holds, about.

    Returns:
        Strips of both; the whole tensors where a graph is traced, which is for pictures of any size.
    """
    if is_traced():
        return [(x, y)]
    step = max(1, numbers // x.select(dim, 0).numel())
    return list(zip(torch.split(x, step, dim), torch.split(y, step, dim), strict=True))


def in_window_strips(x: Tensor, y: Tensor, *, window: int, numbers: int) -> list[tuple[Tensor, Tensor]]:
    """Two pictures of one shape, cut alike into rows that overlap so that each window lies in one strip.

    What a sliding window makes of the strips, without padding, is that of the whole when it is put together again.

    Args:
        x: Shape (N, C, H, W).
        y: What to cut alike.
        window: Height of the window, at most H.
        numbers: How many numbers a strip of ``x`` holds, about.

    Returns:
        Strips of both; the whole tensors where a graph is traced, which is for pictures of any size.
    """
    if is_traced():
        return [(x, y)]
    places = x.shape[2] - window + 1
    step = max(window, numbers // x.select(2, 0).numel())
    strips = [slice(first, min(first + step, places) + window - 1) for first in range(0, places, step)]
    return [(x[:, :, rows], y[:, :, rows]) for rows in strips]
