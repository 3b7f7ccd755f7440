"""Warps by points that are moved, with all between them interpolated."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["draw_displacements"]


def draw_displacements(
    height: int, width: int, spacing: int, between: Literal["bilinear", "bicubic"], draw: torch.Generator
) -> Tensor:
    """Displacements that are drawn at points of a grid, and interpolated between them.

    Args:
        height: Rows.
        width: Columns.
        spacing: Pixels from one point to the next; the first lies at the upper left pixel.
        between: How to interpolate.
        draw: Draws the displacements.

    Returns:
        Down and right, shape (2, height, width); at the points in [-1, 1], all equally likely.
    """
    counts = [-(-side // spacing) + 1 for side in (height, width)]
    points = torch.rand((1, 2, *counts), generator=draw).mul_(2).sub_(1)
    sides = [(count - 1) * spacing + 1 for count in counts]
    return functional.interpolate(points, sides, mode=between, align_corners=True)[0, :, :height, :width]
