"""A picture that is too light, or too dark."""

from __future__ import annotations

from typing import TYPE_CHECKING

from beholder.data.distortions.drawn import draw_sign
from beholder.ops.lab import lab_to_rgb, rgb_to_lab

if TYPE_CHECKING:
    import torch
    from torch import Tensor

__all__ = ["LIGHTNESS", "shift_lightness"]

LIGHTNESS = 25.0  # units of CIELAB's L*, at strength 1


def shift_lightness(picture: Tensor, strength: float, draw: torch.Generator) -> Tensor:
    """Add to the lightness L* of CIELAB, or take away from it, and keep a* and b*.

    What leaves the gamut of sRGB is clamped.

    Args:
        picture: Shape (3, H, W), in [0, 1].
        strength: Times `LIGHTNESS` is the shift.
        draw: Draws its sign.

    Returns:
        Same shape, in [0, 1].
    """
    lab = rgb_to_lab(picture[None])
    lab[:, 0] += draw_sign(draw) * LIGHTNESS * strength
    return lab_to_rgb(lab)[0].clamp_(0, 1)
