"""Borders that torch's padding modes do not have."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["pad_symmetric"]


def pad_symmetric(x: Tensor, before: int, after: int) -> Tensor:
    """Mirror a border on all four sides, the edge pixel included, as MATLAB's ``'symmetric'`` does.

    Args:
        x: Shape (N, C, H, W), H and W at least the larger border.
        before: Pixels above and on the left.
        after: Pixels below and on the right.

    Returns:
        Shape (N, C, before + H + after, before + W + after).
    """
    for dim in (-2, -1):
        size = x.shape[dim]
        x = torch.cat(
            [x.narrow(dim, 0, before).flip(dim), x, x.narrow(dim, size - after, after).flip(dim)], dim
        )
    return x
