"""A picture that is seen from the side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from beholder.data.distortions.spatial.sampling import fetch, places

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["CORNERS", "warp_homography"]

CORNERS = 0.15  # share of the picture's height and width, at strength 1


def warp_homography(picture: Tensor, strength: float, draw: torch.Generator) -> Tensor:
    """Warp the picture in perspective: each corner is moved in a direction of its own; edges are mirrored.

    Args:
        picture: Shape (3, H, W), in [0, 1].
        strength: Times `CORNERS` is how far a corner moves, in widths and heights of the picture.
        draw: Draws the directions.

    Returns:
        Same shape, in [0, 1].
    """
    angles = torch.rand(4, dtype=torch.float64, generator=draw) * (2 * torch.pi)
    corners = torch.tensor([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=torch.float64)
    moved = corners + CORNERS * strength * torch.stack([angles.sin(), angles.cos()], 1)
    matrix = _homography(corners, moved)
    rows, columns = places(picture)
    height, width = picture.shape[1:]
    down = ((rows + 0.5) / height).expand(height, width)
    right = ((columns + 0.5) / width).expand(height, width)
    above_down, above_right, below = torch.einsum(
        "ij,jhw->ihw", matrix, torch.stack([down, right, torch.ones_like(down)])
    )
    return fetch(picture, (above_down / below - down) * height, (above_right / below - right) * width)


def _homography(points: Tensor, images: Tensor) -> Tensor:
    """The matrix, shape (3, 3), of the homography that takes four points to four others, both of shape (4, 2)."""
    equations, sides = [], []
    for (x, y), (u, v) in zip(points.tolist(), images.tolist(), strict=True):
        equations += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        sides += [u, v]
    found = torch.linalg.solve(*(torch.tensor(each, dtype=torch.float64) for each in (equations, sides)))
    return torch.cat([found, found.new_ones(1)]).view(3, 3)
