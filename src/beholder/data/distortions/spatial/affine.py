"""A picture that is turned, stretched and slanted."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

from beholder.data.distortions.spatial.sampling import fetch, places

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["SLANT", "STRETCH", "TURN", "warp_affine"]

TURN = 12.0  # degrees, at strength 1
SLANT = 12.0  # degrees
STRETCH = 1.2  # times


def warp_affine(picture: Tensor, strength: float, draw: torch.Generator) -> Tensor:
    """Turn, slant and stretch the picture about its centre, along rows and columns apart; edges are mirrored.

    Args:
        picture: Shape (3, H, W), in [0, 1].
        strength: Times `TURN` and `SLANT` are the largest angles, and to its power `STRETCH` is the largest factor.
        draw: Draws which share of each is used, and its sign; the largest share of the four is made 1.

    Returns:
        Same shape, in [0, 1].
    """
    shares = torch.rand(4, dtype=torch.float64, generator=draw).mul_(2).sub_(1)
    turn, slant, tall, wide = (shares * strength / shares.abs().max()).tolist()
    turn, slant = math.radians(TURN * turn), math.tan(math.radians(SLANT * slant))
    tall, wide = STRETCH**tall, STRETCH**wide
    rows, columns = places(picture)
    down, right = (axis - (axis.numel() - 1) / 2 for axis in (rows, columns))
    slanted_right, slanted_down = wide * (right + slant * down), tall * down
    from_down = math.cos(turn) * slanted_down + math.sin(turn) * slanted_right
    from_right = math.cos(turn) * slanted_right - math.sin(turn) * slanted_down
    return fetch(picture, from_down - down, from_right - right)
