"""Colours that are too strong, or faded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from beholder.data.distortions.drawn import draw_sign
from beholder.ops.color import rgb_to_grey

if TYPE_CHECKING:
    import torch
    from torch import Tensor

__all__ = ["SATURATION", "change_saturation"]

SATURATION = 4.0  # by which saturation is multiplied, at strength 1


def change_saturation(picture: Tensor, strength: float, draw: torch.Generator) -> Tensor:
    """Draw each pixel's encoded values to its grey level, or away from it.

    Args:
        picture: Shape (3, H, W), in [0, 1].
        strength: The share of saturation that is lost, all at 1; or, where colours get stronger, how far they
            go from 1 time to `SATURATION` times.
        draw: Draws whether colours fade or get stronger.

    Returns:
        Same shape, in [0, 1].
    """
    factor = 1 + strength * (SATURATION - 1 if draw_sign(draw) > 0 else -1)
    grey = rgb_to_grey(picture[None])[0]
    return (grey + factor * (picture - grey)).clamp_(0, 1)
