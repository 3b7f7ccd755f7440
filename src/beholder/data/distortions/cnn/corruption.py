"""What is done to an autoencoder's input."""

from __future__ import annotations

from typing import TYPE_CHECKING

from beholder.data.degradations import Grey, shrink_and_enlarge
from beholder.data.distortions.noise.pink import add_pink_noise
from beholder.data.distortions.noise.white import add_gaussian_noise

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from beholder.data.distortions.cnn.design import AutoencoderDesign

__all__ = ["corrupt"]

_MOST_SHRUNK = 4


def corrupt(picture: Tensor, design: AutoencoderDesign, draw: torch.Generator) -> Tensor:
    """Spoil a picture as a design says.

    Noise is that of the traditional distortions at the design's strength; colour is taken away by it in part; pictures are
    shrunk to a half, or at strengths above 0.5 to a quarter, and enlarged again.

    Args:
        picture: Shape (3, H, W), in [0, 1].
        design: What is done, and how strongly.
        draw: Draws the noise.

    Returns:
        Same shape, in [0, 1].
    """
    strength = design.corruption_strength
    match design.corruption:
        case "none":
            return picture
        case "pink_noise":
            return add_pink_noise(picture, strength, draw)
        case "white_noise":
            return add_gaussian_noise(picture, strength, draw)
        case "grey":
            return picture.lerp(Grey()(picture, draw), strength)
        case "shrunk":
            factor = 2 if strength <= 0.5 else _MOST_SHRUNK
            return shrink_and_enlarge(picture, factor)
