"""Gaussian noise of a drawn spectrum, from brown to violet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from beholder.data.distortions.drawn import draw_number
from beholder.data.distortions.noise.spectrum import DEVIATION, draw_field

if TYPE_CHECKING:
    import torch
    from torch import Tensor

__all__ = ["add_coloured_noise"]

_BROWN, _VIOLET = -2.0, 2.0


def add_coloured_noise(picture: Tensor, strength: float, draw: torch.Generator) -> Tensor:
    """Add noise whose power is a drawn power of the frequency, another field to each channel.

    Args:
        picture: Shape (3, H, W), in [0, 1].
        strength: Times `DEVIATION` is the standard deviation.
        draw: Draws the exponent, from -2 (brown) to 2 (violet), and the noise.

    Returns:
        Same shape, in [0, 1].
    """
    slope = draw_number(draw, _BROWN, _VIOLET)
    field = draw_field(tuple(picture.shape), slope, draw)
    return (picture + DEVIATION * strength * field).clamp_(0, 1)
