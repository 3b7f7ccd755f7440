"""Sums over a window that slides pixel by pixel."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["window_sums"]


def window_sums(x: Tensor, size: int) -> tuple[Tensor, Tensor]:
    r"""Sum, and sum of squared deviations from the mean, at every place of a square window inside the image.

    Windows are joined from two halves A and B of n values each,

    .. math:: Q = Q_A + Q_B + \frac{(S_A - S_B)^2}{2 n}

    where S is a sum and Q a sum of squared deviations. Nothing cancels as it does in a difference of mean squares,
    and a flat window has exactly 0.

    Args:
        x: Shape (N, C, H, W), H and W at least ``size``.
        size: Side of the window, a power of 2, at least 2.

    Returns:
        Two of shape (N, C, H - size + 1, W - size + 1).

    References:
        Chan, Golub and LeVeque, "Algorithms for Computing the Sample Variance", The American Statistician 1983,
        doi:10.1080/00031305.1983.10483115.
    """
    sums, deviations = x, torch.zeros_like(x)
    values = 1
    for dim in (-1, -2):
        step = 1
        while step < size:
            length = sums.shape[dim] - step
            first, second = sums.narrow(dim, 0, length), sums.narrow(dim, step, length)
            both = deviations.narrow(dim, 0, length) + deviations.narrow(dim, step, length)
            between = second - first
            deviations = torch.addcmul(both, between, between, value=1 / (2 * values))
            sums = first + second
            step, values = 2 * step, 2 * values
    return sums, deviations
