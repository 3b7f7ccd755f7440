"""A smooth warp."""

from __future__ import annotations

from typing import TYPE_CHECKING

from beholder.data.distortions.spatial.control_points import draw_displacements
from beholder.data.distortions.spatial.sampling import fetch

if TYPE_CHECKING:
    import torch
    from torch import Tensor

__all__ = ["REACH", "SPACING", "warp_cubic"]

SPACING = 32  # pixels
REACH = 8.0  # pixels, down and right each, at strength 1


def warp_cubic(picture: Tensor, strength: float, draw: torch.Generator) -> Tensor:
    """Move points of a grid, and all between them by cubic interpolation; edges are mirrored.

    Args:
        picture: Shape (3, H, W), in [0, 1].
        strength: Times `REACH` is how far a point moves at most.
        draw: Draws where to.

    Returns:
        Same shape, in [0, 1].
    """
    height, width = picture.shape[1:]
    down, right = REACH * strength * draw_displacements(height, width, SPACING, "bicubic", draw)
    return fetch(picture, down, right)
