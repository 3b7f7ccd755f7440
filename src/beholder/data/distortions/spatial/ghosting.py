"""A second, fainter picture beside the first."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from beholder.data.distortions.drawn import draw_angle, draw_number
from beholder.data.distortions.spatial.sampling import fetch

if TYPE_CHECKING:
    import torch
    from torch import Tensor

__all__ = ["OPACITY", "add_ghost"]

OPACITY = 0.5  # of the ghost, at strength 1
_NEAREST, _FARTHEST = 4.0, 10.0  # pixels


def add_ghost(picture: Tensor, strength: float, draw: torch.Generator) -> Tensor:
    """Mix the picture with itself, moved; what comes in from beyond its edges is mirrored.

    Args:
        picture: Shape (3, H, W), in [0, 1].
        strength: Times `OPACITY` is the share of the moved picture.
        draw: Draws the direction, and the distance, 4 to 10 pixels.

    Returns:
        Same shape, in [0, 1].
    """
    angle, distance = draw_angle(draw), draw_number(draw, _NEAREST, _FARTHEST)
    ghost = fetch(picture, distance * math.sin(angle), distance * math.cos(angle))
    return picture.lerp(ghost, OPACITY * strength).clamp_(0, 1)
