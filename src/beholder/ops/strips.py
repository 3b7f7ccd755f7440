"""Pairs of feature maps in strips that fit a processor's cache."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from beholder.ops.tracing import is_traced

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["in_strips"]


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
