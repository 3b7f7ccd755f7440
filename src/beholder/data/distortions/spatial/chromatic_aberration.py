"""Colours that a lens draws apart."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

from beholder.data.distortions.drawn import draw_angle
from beholder.data.distortions.spatial.sampling import fetch

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["DISTANCE", "draw_colours_apart"]

DISTANCE = 4.0  # pixels from green, at strength 1


def draw_colours_apart(picture: Tensor, strength: float, draw: torch.Generator) -> Tensor:
    """Move red one way and blue the other, as lateral aberration does away from the axis; edges are mirrored.

    Args:
        picture: Shape (3, H, W), in [0, 1].
        strength: Times `DISTANCE` is how far each goes.
        draw: Draws the direction.

    Returns:
        Same shape, in [0, 1].
    """
    angle, distance = draw_angle(draw), DISTANCE * strength
    down, right = distance * math.sin(angle), distance * math.cos(angle)
    red, green, blue = picture.chunk(3)
    return torch.cat([fetch(red, down, right), green, fetch(blue, -down, -right)])
