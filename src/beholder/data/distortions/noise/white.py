"""White noise, uniform or Gaussian, another in each channel."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from beholder.data.degradations.noise import Noise
from beholder.data.distortions.noise.spectrum import DEVIATION

__all__ = ["add_gaussian_noise", "add_uniform_noise"]


def add_uniform_noise(picture: Tensor, strength: float, draw: torch.Generator) -> Tensor:
    """Add noise that is equally likely anywhere within its bounds.

    Args:
        picture: Shape (3, H, W), in [0, 1].
        strength: Times `DEVIATION` is the standard deviation; the bounds lie at the square root of 3 times that.
        draw: Draws the noise.

    Returns:
        Same shape, in [0, 1].
    """
    noise = torch.rand(picture.shape, generator=draw).mul_(2).sub_(1)
    return noise.mul_(math.sqrt(3) * DEVIATION * strength).add_(picture).clamp_(0, 1)


def add_gaussian_noise(picture: Tensor, strength: float, draw: torch.Generator) -> Tensor:
    """Add normally distributed noise: the degradation `Noise`.

    Args:
        picture: Shape (3, H, W), in [0, 1].
        strength: Times `DEVIATION` is the standard deviation.
        draw: Draws the noise.

    Returns:
        Same shape, in [0, 1].
    """
    return Noise(DEVIATION * strength)(picture, draw)
