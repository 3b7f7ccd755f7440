"""Differences between neighbouring pixels, smoothed across."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["prewitt", "scharr", "sobel"]


def prewitt(x: Tensor) -> tuple[Tensor, Tensor]:
    """Horizontal and vertical differences by the Prewitt operator, divided by 3.

    Args:
        x: Shape (N, C, H, W); 0 beyond the border, as MATLAB's ``conv2(..., 'same')`` has it.

    Returns:
        Two of the shape of ``x``: the change to the right and the change downwards, over two pixels.
    """
    return _differences(functional.pad(x / 3, (1, 1, 1, 1)), middle=1)


def scharr(x: Tensor) -> tuple[Tensor, Tensor]:
    """Horizontal and vertical differences by the Scharr operator, divided by 16.

    Args:
        x: Shape (N, C, H, W); 0 beyond the border, as MATLAB's ``conv2(..., 'same')`` has it.

    Returns:
        Two of the shape of ``x``: the change to the right and the change downwards, over two pixels.
    """
    return _differences(functional.pad(x * (3 / 16), (1, 1, 1, 1)), middle=10 / 3)


def sobel(x: Tensor) -> tuple[Tensor, Tensor]:
    """Horizontal and vertical differences by the Sobel operator, divided by 4, inside the picture only.

    Args:
        x: Shape (N, C, H, W), H and W at least 3.

    Returns:
        Two of shape (N, C, H - 2, W - 2): the change to the right and the change downwards, over two pixels.
    """
    return _differences(x / 4, middle=2)


def _differences(x: Tensor, *, middle: float) -> tuple[Tensor, Tensor]:
    """Differences over two pixels, summed over three rows or columns, of which the middle one counts ``middle`` times."""
    across = x[..., 2:] - x[..., :-2]
    down = x[..., 2:, :] - x[..., :-2, :]
    return (
        torch.add(across[..., :-2, :] + across[..., 2:, :], across[..., 1:-1, :], alpha=middle),
        torch.add(down[..., :-2] + down[..., 2:], down[..., 1:-1], alpha=middle),
    )
