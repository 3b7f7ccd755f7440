"""Batches in parts that a processor's cache holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

__all__ = ["in_parts"]


def in_parts(function: Callable[[Tensor], Tensor], x: Tensor, *, images: int) -> Tensor:
    """``function(x)`` for a function that treats each image by itself, on a processor a few images at a time.

    Args:
        function: What to apply.
        x: Shape (N, ...).
        images: How many images a processor takes at once; fewer than 1 count as 1. Accelerators and compiled
            code take all.
    """
    if x.device.type != "cpu" or torch.compiler.is_compiling():
        return function(x)
    return torch.cat([function(part) for part in torch.split(x, max(1, images))])
