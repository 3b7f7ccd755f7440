"""Universal image quality index (UQI)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from beholder.ops.color import Channel, check_channel, select_channel
from beholder.ops.shapes import check_pair
from beholder.ops.windows import window_sums
from beholder.spec import MetricSpec

__all__ = ["UQI", "uqi", "uqi_map"]

_WINDOW = 8


def uqi_map(x: Tensor, y: Tensor, *, offset: Tensor | float = 0.0) -> Tensor:
    r"""The index at every place of an 8x8 window.

    .. math::
        \frac{2 \mu_x \mu_y}{\mu_x^2 + \mu_y^2} \cdot \frac{2 \sigma_{xy}}{\sigma_x^2 + \sigma_y^2}

    All pixels of the window count alike, and it stays inside the image. A factor that is 0 / 0 counts as 1, as in
    the authors' code: the second where both windows are flat, the first where both are black.

    Args:
        x: Distorted images, shape (N, C, H, W), in [0, 1].
        y: Reference images, same shape.
        offset: What was taken off both beforehand, shape (N, 1, 1, 1) or a number.

    Returns:
        Shape (N, C, H - 7, W - 7), in [-1, 1].
    """
    # Variances do not change with a constant; around the mean, sums keep more digits.
    centre = _centre(x, y)
    planes = torch.cat([(x - centre) + (y - centre), x - y])
    sums, deviations = window_sums(planes, _WINDOW)
    total, difference = (sums / _WINDOW**2).chunk(2)
    total = total + 2 * (centre + offset)
    # 2ab / (a^2 + b^2) of x and y is (a^2 - b^2) / (a^2 + b^2) of their sum and their difference.
    return _contrast(total * total, difference * difference) * _contrast(*deviations.chunk(2))


def _centre(x: Tensor, y: Tensor) -> Tensor:
    return ((x.mean((1, 2, 3), keepdim=True) + y.mean((1, 2, 3), keepdim=True)) / 2).detach()


def _contrast(a: Tensor, b: Tensor) -> Tensor:
    whole = a + b
    nothing = whole < torch.finfo(whole.dtype).tiny  # below it a reciprocal overflows
    return torch.where(nothing, 1, (a - b) / torch.where(nothing, 1, whole))


def uqi(x: Tensor, y: Tensor) -> Tensor:
    """Universal image quality index: the mean of the map.

    Args:
        x: Distorted images, shape (N, C, H, W), in [0, 1], H and W at least 8.
        y: Reference images, same shape.

    Returns:
        One mean per image over channels and places, shape (N,), in [-1, 1]; 1 means identical.

    Raises:
        ShapeError: If the shapes differ, a side is shorter than 8, or ``y`` leaves [0, 1].

    References:
        Wang and Bovik, "A Universal Image Quality Index", IEEE Signal Processing Letters 2002,
        doi:10.1109/97.995823.
    """
    check_pair(x, y, min_size=_WINDOW, channels=None)
    return uqi_map(x, y).flatten(1).mean(1)


class UQI(nn.Module):
    """UQI on grey, luma or RGB.

    Args:
        channel: ``"grey"`` (the paper's), ``"grey8"`` (rounded to 8 bits as MATLAB's ``rgb2gray`` does),
            ``"y"``, or ``"rgb"`` (mean over the three channels).

    Raises:
        UsageError: If ``channel`` is unknown.
    """

    def __init__(self, channel: Channel = "grey") -> None:
        super().__init__()
        self.spec = self.describe(channel)
        self.channel = channel

    @staticmethod
    def describe(channel: Channel = "grey") -> MetricSpec:
        """The specification of the metric with these options."""
        check_channel(channel)
        return MetricSpec(
            name="uqi",
            title="Universal quality index: luminance, contrast and structure in 8x8 windows",
            direction="higher",
            best=1.0,
            range=(-1.0, 1.0),
            unit="1",
            differentiable=True,
            symmetric=True,
            min_size=_WINDOW,
            paper="Wang and Bovik, IEEE Signal Processing Letters 2002, doi:10.1109/97.995823",
            map_range=(1.0, 0.0),
        )

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Score (N, 3, H, W) pairs: shape (N,), in [-1, 1]."""
        return self._map(x, y).flatten(1).mean(1)

    def score_and_map(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Scores, shape (N,), and the index at every place of the window, mean over channels."""
        index = self._map(x, y)
        return index.flatten(1).mean(1), index.mean(1, keepdim=True)

    def _map(self, x: Tensor, y: Tensor) -> Tensor:
        check_pair(x, y, min_size=self.spec.min_size)
        offset: Tensor | float = 0.0
        if self.channel == "grey":
            # In light places the rounding of a weighted sum would be felt: nothing here outweighs a variance.
            offset = _centre(x, y)
            x, y = x - offset, y - offset
        return uqi_map(select_channel(x, self.channel), select_channel(y, self.channel), offset=offset)
