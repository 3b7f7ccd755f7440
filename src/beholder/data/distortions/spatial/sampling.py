"""Pictures whose pixels are fetched from elsewhere."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["fetch", "places"]


def places(picture: Tensor) -> tuple[Tensor, Tensor]:
    """Row and column of each pixel, shapes (H, 1) and (1, W), float64."""
    height, width = picture.shape[1:]
    rows, columns = (torch.arange(length, dtype=torch.float64) for length in (height, width))
    return rows[:, None], columns[None]


def fetch(picture: Tensor, down: Tensor | float, right: Tensor | float) -> Tensor:
    """A picture each of whose pixels comes from another place, between pixels by bicubic interpolation.

    Beyond its edges the picture is mirrored, edge pixels included: borders of one colour would be a distortion of their own.

    Args:
        picture: Shape (C, H, W), in [0, 1].
        down: How many pixels below itself each pixel is fetched from, to be broadcast to (H, W).
        right: How many pixels to the right.

    Returns:
        Same shape, in [0, 1].
    """
    height, width = picture.shape[1:]
    rows, columns = places(picture)
    # grid_sample() counts from -1 at one edge of the picture to 1 at the other.
    vertical = (2 * (rows + down) + 1) / height - 1
    horizontal = (2 * (columns + right) + 1) / width - 1
    grid = torch.stack([each.expand(height, width) for each in (horizontal, vertical)], -1)
    fetched: Tensor = functional.grid_sample(
        picture[None], grid[None].to(picture), mode="bicubic", padding_mode="reflection", align_corners=False
    )
    return fetched[0].clamp_(0, 1)
