"""Mean colour difference CIEDE2000."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from beholder.ops import stable
from beholder.ops.lab import rgb_to_lab
from beholder.ops.shapes import check_pair
from beholder.ops.strips import in_strips
from beholder.spec import MetricSpec

__all__ = ["CIEDE2000", "ciede2000", "ciede2000_map"]

_STRIP = 3 * 2**16  # numbers of pictures


def ciede2000_map(x: Tensor, y: Tensor) -> Tensor:
    r"""Colour difference CIEDE2000 of each pixel.

    .. math::
        \sqrt{\left(\frac{\Delta L'}{S_L}\right)^2 + \left(\frac{\Delta C'}{S_C}\right)^2
        + \left(\frac{\Delta H'}{S_H}\right)^2 + R_T \frac{\Delta C'}{S_C} \frac{\Delta H'}{S_H}}

    with the parametric factors k at 1. The notation is the paper's.

    Args:
        x: CIELAB colours, shape (N, 3, H, W).
        y: CIELAB colours, same shape.

    Returns:
        Shape (N, 1, H, W), at least 0; about 1 is just visible side by side.

    References:
        Sharma, Wu and Dalal, "The CIEDE2000 Color-Difference Formula: Implementation Notes, Supplementary Test
        Data, and Mathematical Observations", Color Research and Application 2005, doi:10.1002/col.20070.
        Roots and the hue of grey have gradient 0, so that gradients are finite.
    """
    (l_x, a_x, b_x), (l_y, a_y, b_y) = x.chunk(3, 1), y.chunk(3, 1)
    stretch = 1.5 - 0.5 * _saturation((_chroma(a_x, b_x) + _chroma(a_y, b_y)) / 2)
    a_x, a_y = stretch * a_x, stretch * a_y
    c_x, c_y = _chroma(a_x, b_x), _chroma(a_y, b_y)
    turn, hue = _compare_hues(a_x, b_x, a_y, b_y)
    chroma = (c_x + c_y) / 2
    from_middle = ((l_x + l_y) / 2 - 50).square()
    lightness = (l_y - l_x) / (1 + 0.015 * from_middle / (20 + from_middle).sqrt())
    saturation = (c_y - c_x) / (1 + 0.045 * chroma)
    tint = 2 * stable.nonzero_sqrt(c_x * c_y) * (turn / 2).sin() / (1 + 0.015 * chroma * _hue_weight(hue))
    squares = lightness * lightness + saturation * saturation + tint * tint
    return stable.sqrt(squares + _rotation(hue, chroma) * saturation * tint)


def _chroma(a: Tensor, b: Tensor) -> Tensor:
    return stable.nonzero_sqrt(a * a + b * b)


def _saturation(chroma: Tensor) -> Tensor:
    ratio = chroma / 25
    cube = ratio * ratio * ratio
    power = cube * cube * ratio
    return stable.nonzero_sqrt(power / (power + 1))


def _compare_hues(a_x: Tensor, b_x: Tensor, a_y: Tensor, b_y: Tensor) -> tuple[Tensor, Tensor]:
    """The turn from x to y the shorter way, and the hue halfway; 0 and the other one's hue where one is grey."""
    grey_x, grey_y = (a_x == 0) & (b_x == 0), (a_y == 0) & (b_y == 0)
    hue_x, hue_y = _hue(a_x, b_x, grey_x), _hue(a_y, b_y, grey_y)
    turn, total, grey = hue_y - hue_x, hue_x + hue_y, grey_x | grey_y
    far = turn.abs() > math.pi
    turn = torch.where(far, turn - 2 * math.pi * turn.sign(), turn)
    opposite = torch.where(total < 2 * math.pi, total + 2 * math.pi, total - 2 * math.pi)
    return torch.where(grey, 0, turn), torch.where(grey, total, torch.where(far, opposite, total) / 2)


def _hue(a: Tensor, b: Tensor, grey: Tensor) -> Tensor:
    """Angle in [0, 2 pi), that of grey being 0."""
    angle = torch.atan2(b, torch.where(grey, 1, a))
    return torch.where(angle < 0, angle + 2 * math.pi, angle)


def _hue_weight(hue: Tensor) -> Tensor:
    waves = ((-0.17, 1, -30), (0.24, 2, 0), (0.32, 3, 6), (-0.20, 4, -63))
    weight = torch.ones_like(hue)
    for size, frequency, phase in waves:
        weight = weight + size * (frequency * hue + math.radians(phase)).cos()
    return weight


def _rotation(hue: Tensor, chroma: Tensor) -> Tensor:
    from_blue = ((hue - math.radians(275)) / math.radians(25)).square()
    # exp(-30) is nothing, and takes a twentieth of the time that the tiny numbers beyond it do.
    blueness = (-from_blue.clamp_max(30)).exp()
    return -(math.radians(60) * blueness).sin() * 2 * _saturation(chroma)


def ciede2000(x: Tensor, y: Tensor) -> Tensor:
    """Mean colour difference CIEDE2000 of sRGB pictures under D65.

    Args:
        x: Distorted images, shape (N, 3, H, W), in [0, 1].
        y: Reference images, same shape.

    Returns:
        One mean per image over pixels, shape (N,), at least 0; 0 means identical, lower is better.

    Raises:
        ShapeError: If the shapes differ or ``y`` leaves [0, 1].

    References:
        As `ciede2000_map`.
    """
    check_pair(x, y)
    return _rgb_map(x, y).flatten(1).mean(1)


def _rgb_map(x: Tensor, y: Tensor) -> Tensor:
    strips = in_strips(x, y, dim=2, numbers=_STRIP)
    return torch.cat(
        [ciede2000_map(rgb_to_lab(strip_x), rgb_to_lab(strip_y)) for strip_x, strip_y in strips], 2
    )


class CIEDE2000(nn.Module):
    """Mean CIEDE2000 of sRGB pictures."""

    def __init__(self) -> None:
        super().__init__()
        self.spec = self.describe()

    @staticmethod
    def describe() -> MetricSpec:
        """The specification of the metric."""
        return MetricSpec(
            name="ciede2000",
            title="Mean colour difference CIEDE2000",
            direction="lower",
            best=0.0,
            range=(0.0, math.inf),
            unit="dE00",
            differentiable=True,
            symmetric=True,
            min_size=1,
            paper="Sharma, Wu and Dalal, Color Research and Application 2005, doi:10.1002/col.20070",
            map_range=(0.0, 20.0),
        )

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Score (N, 3, H, W) pairs: shape (N,), at least 0."""
        return self.score_and_map(x, y)[0]

    def score_and_map(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Scores, shape (N,), and the colour difference of each pixel, shape (N, 1, H, W)."""
        check_pair(x, y)
        difference = _rgb_map(x, y)
        return difference.flatten(1).mean(1), difference
