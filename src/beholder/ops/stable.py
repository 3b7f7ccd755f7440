"""Roots and powers whose gradient is finite where the textbook's is not."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["sqrt"]


def sqrt(x: Tensor) -> Tensor:
    """Square root with value and gradient 0 at 0.

    Args:
        x: Any shape, values at least 0; a negative value or NaN gives NaN.
    """
    zero = x == 0
    return torch.where(zero, 0, torch.where(zero, 1, x).sqrt())
