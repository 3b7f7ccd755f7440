"""Too much contrast, or too little."""

from __future__ import annotations

from typing import TYPE_CHECKING

from beholder.data.distortions.drawn import draw_sign
from beholder.ops.color import rgb_to_grey

if TYPE_CHECKING:
    import torch
    from torch import Tensor

__all__ = ["CONTRAST", "change_contrast"]

CONTRAST = 4.0  # by which contrast is multiplied or divided, at strength 1


def change_contrast(picture: Tensor, strength: float, draw: torch.Generator) -> Tensor:
    """Multiply or divide the encoded values' distance from the picture's mean grey level.

    Args:
        picture: Shape (3, H, W), in [0, 1].
        strength: `CONTRAST` to its power is the factor.
        draw: Draws whether there is more contrast or less.

    Returns:
        Same shape, in [0, 1].
    """
    mean = rgb_to_grey(picture[None]).mean()
    factor: float = CONTRAST ** (draw_sign(draw) * strength)
    return (mean + factor * (picture - mean)).clamp_(0, 1)
