"""From coded video, Y'CbCr with thinned chroma, to RGB."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["Matrix", "enlarge_chroma", "ycbcr_to_rgb"]

Matrix = Literal["bt601", "bt709"]

# Weights of red and blue in luma: ITU-R BT.601-7 and BT.709-6.
_WEIGHTS: dict[Matrix, tuple[float, float]] = {"bt601": (0.299, 0.114), "bt709": (0.2126, 0.0722)}


def ycbcr_to_rgb(planes: Tensor, matrix: Matrix, *, bits: int, full_range: bool) -> Tensor:
    """R'G'B' of coded Y'CbCr, unclipped.

    Args:
        planes: Y', Cb and Cr as coded integers, shape (N, 3, H, W), floating point, in [0, 2^bits - 1].
        matrix: Which weights luma has: ``"bt601"`` or ``"bt709"``.
        bits: Bits of a sample.
        full_range: Whether black and white are 0 and 2^bits - 1, as in JPEG; else 16 and 235 times 2^(bits - 8).

    Returns:
        Shape (N, 3, H, W); in [0, 1] but for codes that no RGB has.

    References:
        ITU-R BT.601-7 and BT.709-6, sections on quantisation; full range as in ITU-T T.871 (JFIF).
    """
    step = 2.0 ** (bits - 8)
    whole = (2.0**bits - 1) / step
    black, swing, chroma = (0.0, whole, whole) if full_range else (16.0, 219.0, 224.0)
    red, blue = _WEIGHTS[matrix]
    green = 1 - red - blue
    # What a unit of Y', Cb and Cr, each scaled to a swing of 1, adds to R', G' and B'.
    gains = (
        (1.0, 0.0, 2 * (1 - red)),
        (1.0, -2 * (1 - blue) * blue / green, -2 * (1 - red) * red / green),
        (1.0, 2 * (1 - blue), 0.0),
    )
    spans, zeros = (swing * step, chroma * step, chroma * step), (black * step, 128 * step, 128 * step)
    scaled = [[gain / span for gain, span in zip(row, spans, strict=True)] for row in gains]
    offsets = [-sum(gain * zero for gain, zero in zip(row, zeros, strict=True)) for row in scaled]
    flat = planes.flatten(2)
    mix = flat.new_tensor(scaled).expand(len(flat), 3, 3)
    return torch.baddbmm(flat.new_tensor(offsets).view(1, 3, 1), mix, flat).view_as(planes)


def enlarge_chroma(plane: Tensor, height: int, width: int, *, centred: bool) -> Tensor:
    """Bring a chroma plane to the size of luma, by linear interpolation between where its samples lie.

    Vertically a sample lies between two rows of luma. Horizontally it lies on the left column of two (MPEG-2,
    H.264, H.265), or between them where it is ``centred`` (JPEG, MPEG-1).

    Args:
        plane: Shape (N, C, h, w), h and w the luma's or half of them, rounded up.
        height: Rows of luma.
        width: Columns of luma.
        centred: Whether a sample lies between two columns.

    Returns:
        Shape (N, C, height, width).
    """
    if plane.shape[-2] < height:
        plane = functional.interpolate(plane, scale_factor=(2, 1), mode="bilinear", align_corners=False)
    if plane.shape[-1] < width and centred:
        plane = functional.interpolate(plane, scale_factor=(1, 2), mode="bilinear", align_corners=False)
    elif plane.shape[-1] < width:
        following = torch.cat([plane[..., 1:], plane[..., -1:]], -1)
        plane = torch.stack([plane, (plane + following) / 2], -1).flatten(-2)
    return plane[..., :height, :width]
