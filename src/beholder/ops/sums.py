"""Sums whose digits do not depend on how many pictures or threads share the work."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["centre", "total", "wide_type"]


def wide_type(like: Tensor) -> torch.dtype:
    """Float64, or float32 on devices that have no float64."""
    return torch.float32 if like.device.type == "mps" else torch.float64


def total(x: Tensor, dims: tuple[int, ...]) -> Tensor:
    """Sum over dimensions, in `wide_type`.

    Float32 sums differ in their last digits with the order of the terms, and the order with the number of threads.
    """
    return x.sum(dims, dtype=wide_type(x))


def centre(x: Tensor) -> Tensor:
    """Mean of each picture as a constant, without gradient: shape (N, 1, 1, 1), of the type of ``x``.

    Args:
        x: Shape (N, C, H, W).
    """
    return x.detach().mean((1, 2, 3), keepdim=True, dtype=wide_type(x)).to(x)
