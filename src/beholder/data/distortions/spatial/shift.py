"""A picture that is out of its place."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from beholder.data.distortions.drawn import draw_angle
from beholder.data.distortions.spatial.sampling import fetch

if TYPE_CHECKING:
    import torch
    from torch import Tensor

__all__ = ["DISTANCE", "shift"]

DISTANCE = 8.0  # pixels, at strength 1


def shift(picture: Tensor, strength: float, draw: torch.Generator) -> Tensor:
    """Move the picture, by fractions of pixels too; what comes in from beyond its edges is mirrored.

    Args:
        picture: Shape (3, H, W), in [0, 1].
        strength: Times `DISTANCE` is how far it goes.
        draw: Draws the direction.

    Returns:
        Same shape, in [0, 1].
    """
    angle, distance = draw_angle(draw), DISTANCE * strength
    return fetch(picture, distance * math.sin(angle), distance * math.cos(angle))
