"""Gaussian blur."""

from __future__ import annotations

from typing import TYPE_CHECKING

from beholder.data.degradations.distortions import blur

if TYPE_CHECKING:
    import torch
    from torch import Tensor

__all__ = ["BLUR", "blur_gaussian"]

BLUR = 3.0  # standard deviation in pixels, at strength 1


def blur_gaussian(picture: Tensor, strength: float, draw: torch.Generator) -> Tensor:  # noqa: ARG001  # nothing is drawn
    """Blur alike in all directions; the picture's edge is repeated beyond it.

    Args:
        picture: Shape (3, H, W), in [0, 1].
        strength: Times `BLUR` is the standard deviation.
        draw: Nothing is drawn.

    Returns:
        Same shape, in [0, 1].
    """
    return blur(picture, BLUR * strength).clamp_(0, 1)
