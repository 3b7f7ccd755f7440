"""Likeness of two maps, place by place, and its mean over the places that matter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from beholder.ops import stable

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["similarity", "similarity_of_magnitudes", "weighted_mean"]

_LEAST_WEIGHT = 1e-8


def similarity(x: Tensor, y: Tensor, c: float) -> Tensor:
    r""":math:`(2 x y + c) / (x^2 + y^2 + c)`, at most 1; above 0 where both have the same sign.

    Args:
        x: A map of any shape.
        y: Another map of the same shape.
        c: Stabiliser, in squared units of the maps; above 0.
    """
    return (2 * x * y + c) / (x * x + y * y + c)


def similarity_of_magnitudes(
    squared_x: Tensor, squared_y: Tensor, c: float, *, masking: float = 0.0
) -> Tensor:
    r"""The similarity of two magnitudes, from their squares, so that its gradient is finite at 0.

    .. math:: \frac{(2 - \alpha) x y + c}{x^2 + y^2 - \alpha x y + c}

    Args:
        squared_x: A squared magnitude, any shape.
        squared_y: Another, of the same shape.
        c: Stabiliser, in the same units; above 0.
        masking: The :math:`\alpha`, at least 0 and below 2: how much magnitudes of both hide their difference.
    """
    root = stable.nonzero_sqrt(squared_x * squared_y)
    if masking:
        return ((2 - masking) * root + c) / (squared_x + squared_y - masking * root + c)
    return (2 * root + c) / (squared_x + squared_y + c)


def weighted_mean(x: Tensor, weight: Tensor) -> Tensor:
    """Mean of each image with weights; the plain mean where all weights are 0.

    Args:
        x: Shape (N, ...).
        weight: The same shape; of the order of 1 where not 0, none negative.

    Returns:
        Shape (N,).
    """
    x, weight = x.flatten(1), weight.flatten(1) + _LEAST_WEIGHT
    return (x * weight).sum(1) / weight.sum(1)
