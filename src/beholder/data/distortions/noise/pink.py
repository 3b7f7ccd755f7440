"""Pink noise: coarse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from beholder.data.distortions.noise.spectrum import DEVIATION, draw_field

if TYPE_CHECKING:
    import torch
    from torch import Tensor

__all__ = ["add_pink_noise"]


def add_pink_noise(picture: Tensor, strength: float, draw: torch.Generator) -> Tensor:
    """Add noise whose power falls as the frequency rises, the same to all channels.

    Args:
        picture: Shape (3, H, W), in [0, 1].
        strength: Times `DEVIATION` is the standard deviation.
        draw: Draws the noise.

    Returns:
        Same shape, in [0, 1].
    """
    field = draw_field((1, *picture.shape[1:]), -1, draw)
    return (picture + DEVIATION * strength * field).clamp_(0, 1)
