"""A colour cast."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from beholder.data.distortions.drawn import draw_angle
from beholder.ops.lab import lab_to_rgb, rgb_to_lab

if TYPE_CHECKING:
    import torch
    from torch import Tensor

__all__ = ["CHROMA", "shift_colour"]

CHROMA = 40.0  # units of CIELAB's a* and b*, at strength 1


def shift_colour(picture: Tensor, strength: float, draw: torch.Generator) -> Tensor:
    """Move all colours alike in the plane of CIELAB's a* and b*, and keep the lightness L*.

    What leaves the gamut of sRGB is clamped.

    Args:
        picture: Shape (3, H, W), in [0, 1].
        strength: Times `CHROMA` is the length of the shift.
        draw: Draws its direction.

    Returns:
        Same shape, in [0, 1].
    """
    angle, length = draw_angle(draw), CHROMA * strength
    lab = rgb_to_lab(picture[None])
    lab[:, 1] += length * math.cos(angle)
    lab[:, 2] += length * math.sin(angle)
    return lab_to_rgb(lab)[0].clamp_(0, 1)
