"""Bilateral blur: areas are smoothed, edges stay."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["CLOSENESS", "WIDTH", "blur_bilateral"]

WIDTH = 3.0  # standard deviation in pixels
CLOSENESS = 0.3  # standard deviation of the distance of colours, at strength 1
_RADIUS = math.ceil(2 * WIDTH)


def blur_bilateral(picture: Tensor, strength: float, draw: torch.Generator) -> Tensor:  # noqa: ARG001  # nothing is drawn
    r"""Average each pixel with its neighbours, the less the farther they are and the more their colour differs.

    The weight of a neighbour at the distance d whose colour differs by c is

    .. math:: \exp(-d^2 / 2 a^2 - |c|^2 / 2 b^2)

    where a is `WIDTH` and |c| is Euclidean, over the three encoded values. Neighbours are those within two times
    the width; the picture's edge is repeated beyond it.

    Args:
        picture: Shape (3, H, W), in [0, 1].
        strength: Times `CLOSENESS` is b: how different colours may be and still be averaged.
        draw: Nothing is drawn.

    Returns:
        Same shape, in [0, 1].

    References:
        Tomasi and Manduchi, "Bilateral Filtering for Gray and Color Images", ICCV 1998, doi:10.1109/ICCV.1998.710815.
        Deviation: colours are compared in encoded RGB, not in CIELAB.
    """
    if strength == 0:
        return picture.clone()
    height, width = picture.shape[1:]
    padded = functional.pad(picture[None], (_RADIUS,) * 4, mode="replicate")[0]
    by_colour = -1 / (2 * (CLOSENESS * strength) ** 2)
    total, weights = torch.zeros_like(picture), torch.zeros_like(picture[:1])
    for down, right in _OFFSETS:
        top, left = _RADIUS + down, _RADIUS + right
        other = padded[:, top : top + height, left : left + width]
        differs = (other - picture).square_().sum(0, keepdim=True)
        weight = differs.mul_(by_colour).sub_((down**2 + right**2) / (2 * WIDTH**2)).exp_()
        total.addcmul_(other, weight)
        weights += weight
    return total.div_(weights).clamp_(0, 1)


_OFFSETS = [
    (down, right)
    for down in range(-_RADIUS, _RADIUS + 1)
    for right in range(-_RADIUS, _RADIUS + 1)
    if down**2 + right**2 <= _RADIUS**2
]
