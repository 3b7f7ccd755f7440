"""Pictures of any size for networks that halve them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch.nn import functional

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["pad_to_multiple"]


def pad_to_multiple(x: Tensor, multiple: int, min_size: int = 1) -> Tensor:
    """Repeat the last row and column until both sides are multiples of a number.

    Repetition works for a single pixel, too, where reflection has nothing to reflect.

    Args:
        x: Shape (N, C, H, W).
        multiple: What both sides shall be a multiple of.
        min_size: What both sides shall at least be.

    Returns:
        Shape (N, C, H', W') with H' >= H, W' >= W: ``x`` in the top left corner. ``x`` itself where it fits.
    """
    height, width = (-(-max(side, min_size) // multiple) * multiple for side in x.shape[-2:])
    below, right = height - x.shape[-2], width - x.shape[-1]
    return functional.pad(x, (0, right, 0, below), mode="replicate") if below or right else x
