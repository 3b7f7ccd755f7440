"""JPEG."""

from __future__ import annotations

from typing import TYPE_CHECKING

from beholder.data.degradations.jpeg import Jpeg

if TYPE_CHECKING:
    import torch
    from torch import Tensor

__all__ = ["QUALITY", "compress", "quality_of"]

QUALITY = 5  # at strength 1
_BEST = 100


def quality_of(strength: float) -> int:
    """The quality of libjpeg, 100 to `QUALITY`, that goes with a strength; equal steps are equal factors."""
    share: float = (QUALITY / _BEST) ** strength
    return round(_BEST * share)


def compress(picture: Tensor, strength: float, draw: torch.Generator) -> Tensor:
    """Compress and decompress with 4:2:0 colour: the degradation `Jpeg`, with 256 levels.

    Args:
        picture: Shape (3, H, W), in [0, 1].
        strength: Tells the quality, see `quality_of`. At 0 nothing is done, since even quality 100 halves the
            resolution of colour.
        draw: Nothing is drawn.

    Returns:
        Same shape, in [0, 1].
    """
    return Jpeg(quality_of(strength))(picture, draw) if strength else picture.clone()
