"""Differences between neighbouring pixels, with 0 beyond the border, as MATLAB's ``conv2(..., 'same')`` has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch.nn import functional

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["prewitt", "scharr"]


def prewitt(x: Tensor) -> tuple[Tensor, Tensor]:
    """Horizontal and vertical differences by the Prewitt operator, divided by 3.

    Args:
        x: Shape (N, C, H, W).

    Returns:
        Two of the shape of ``x``: the change to the right and the change downwards, over two pixels.
    """
    padded = functional.pad(x / 3, (1, 1, 1, 1))
    across = padded[..., 2:] - padded[..., :-2]
    down = padded[..., 2:, :] - padded[..., :-2, :]
    return (
        across[..., :-2, :] + across[..., 1:-1, :] + across[..., 2:, :],
        down[..., :-2] + down[..., 1:-1] + down[..., 2:],
    )


def scharr(x: Tensor) -> tuple[Tensor, Tensor]:
    """Horizontal and vertical differences by the Scharr operator, divided by 16.

    Args:
        x: Shape (N, C, H, W).

    Returns:
        Two of the shape of ``x``: the change to the right and the change downwards, over two pixels.
    """
    padded = functional.pad(x, (1, 1, 1, 1))
    across = padded[..., 2:] - padded[..., :-2]
    down = padded[..., 2:, :] - padded[..., :-2, :]
    return (
        (3 * (across[..., :-2, :] + across[..., 2:, :]) + 10 * across[..., 1:-1, :]) / 16,
        (3 * (down[..., :-2] + down[..., 2:]) + 10 * down[..., 1:-1]) / 16,
    )
