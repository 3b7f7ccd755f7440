"""A checkerboard, as networks that enlarge with strides leave it."""

from __future__ import annotations

import torch
from torch import Tensor

from beholder.data.distortions.noise.spectrum import DEVIATION

__all__ = ["add_checkerboard"]

_SIDES = (1, 2, 4)  # of a field, in pixels


def add_checkerboard(picture: Tensor, strength: float, draw: torch.Generator) -> Tensor:
    """Add and take away the same level, field by field, in all channels.

    Args:
        picture: Shape (3, H, W), in [0, 1].
        strength: Times `DEVIATION` is the level.
        draw: Draws the side of the fields, 1, 2 or 4 pixels, and where the pattern begins.

    Returns:
        Same shape, in [0, 1].
    """
    chosen, top, left = torch.randint(2**62, (3,), generator=draw).tolist()
    side = _SIDES[chosen % len(_SIDES)]
    rows, columns = (
        (torch.arange(length) + start % (2 * side)) // side
        for length, start in zip(picture.shape[1:], (top, left), strict=True)
    )
    signs = 1 - 2 * ((rows[:, None] + columns) % 2)
    board: Tensor = DEVIATION * strength * signs
    return (picture + board).clamp_(0, 1)
