"""Gradient magnitude similarity deviation over four scales (MS-GMSD), and with colour (MS-GMSDc)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from beholder.metrics.gmsd import gradient_similarity, variance
from beholder.ops import stable
from beholder.ops.color import YIQ_CHROMA, Channel, check_channel, mix_channels, rgb_to_grey, select_channel
from beholder.ops.shapes import check_pair
from beholder.ops.shrinking import shrink
from beholder.spec import MetricSpec, UsageError

__all__ = ["MS_GMSD", "ms_gmsd", "ms_gmsdc"]

_WEIGHTS = (0.096, 0.596, 0.289, 0.019)
_MASKING = 0.5
_MIN_SIZE = 2 ** (len(_WEIGHTS) - 1) + 1  # a deviation needs two pixels after the last halving
_BETA1 = 0.01 * 255  # the authors' pictures go to 255
_BETA2 = 0.32
_BETA3 = 15


def ms_gmsd(x: Tensor, y: Tensor) -> Tensor:
    r"""Gradient magnitude similarity deviation over four scales, of grey images.

    .. math:: \sqrt{\sum_{j=1}^{4} w_j \sigma_j^2}, \qquad w = (0.096, 0.596, 0.289, 0.019)

    where :math:`\sigma_j` is the standard deviation, over the image, of the similarity of Prewitt gradient
    magnitudes with the masking 0.5 (see `gradient_similarity`); the first scale is the picture itself, each other
    one half as large as the one before.

    Args:
        x: Distorted grey images, shape (N, 1, H, W), in [0, 1], H and W at least 9.
        y: Reference images, same shape.

    Returns:
        One deviation per image, shape (N,), in [0, 1); 0 means identical, lower is better.

    Raises:
        ShapeError: If the shapes differ, a side is shorter than 9, or ``y`` leaves [0, 1].

    References:
        Zhang, Sander and Bermak, "Gradient Magnitude Similarity Deviation on Multiple Scales for Color Image
        Quality Assessment", ICASSP 2017, doi:10.1109/ICASSP.2017.7952357.
        Roots have gradient 0 at 0, so the gradient at x = y is finite.
    """
    check_pair(x, y, min_size=_MIN_SIZE, channels=1)
    return _deviation(x, y)


def _deviation(x: Tensor, y: Tensor) -> Tensor:
    both = torch.cat([x, y])
    total = torch.zeros_like(x[:, 0, 0, 0])
    for scale, weight in enumerate(_WEIGHTS):
        both = shrink(both, 2) if scale else both
        similarity = gradient_similarity(*both.chunk(2), masking=_MASKING)
        total = total + weight * variance(similarity, correction=0)
    return stable.sqrt(total)


def ms_gmsdc(x: Tensor, y: Tensor) -> Tensor:
    r"""MS-GMSD of the luminance joined with the error of the colours.

    .. math::
        \gamma M + (1 - \gamma) \beta_1 \sqrt{\operatorname{mean}(\Delta I^2 + \Delta Q^2)}, \qquad
        \gamma = \frac{2}{1 + \beta_2 e^{-\beta_3 M}} - 1

    where M is the MS-GMSD of the grey level and I, Q are the colours of YIQ, in [0, 255], at the last scale;
    :math:`\beta = (0.01, 0.32, 15)`.

    Args:
        x: Distorted images, shape (N, 3, H, W), in [0, 1], H and W at least 9.
        y: Reference images, same shape.

    Returns:
        One score per image, shape (N,), in [0, 2); 0 means identical, lower is better.

    Raises:
        ShapeError: If the shapes differ, a side is shorter than 9, or ``y`` leaves [0, 1].

    References:
        As `ms_gmsd`, whose authors do not say at which scale they compare colours.
    """
    check_pair(x, y, min_size=_MIN_SIZE)
    return _join_colours(_deviation(rgb_to_grey(x), rgb_to_grey(y)), x, y)


def _join_colours(deviation: Tensor, x: Tensor, y: Tensor) -> Tensor:
    difference = x - y
    for _ in _WEIGHTS[1:]:
        difference = shrink(difference, 2)
    colours = mix_channels(difference, YIQ_CHROMA)
    error = stable.sqrt((colours * colours).sum(1).flatten(1).mean(1))
    gamma = 2 / (1 + _BETA2 * (-_BETA3 * deviation).exp()) - 1
    return gamma * deviation + (1 - gamma) * _BETA1 * error


class MS_GMSD(nn.Module):  # noqa: N801 -- the field's spelling
    """MS-GMSD, or MS-GMSDc.

    Args:
        channel: The luminance: ``"grey"``, ``"grey8"`` (rounded to 8 bits as MATLAB's ``rgb2gray`` does) or
            ``"y"``.
        chromatic: Compare colours too: MS-GMSDc.

    Raises:
        UsageError: If an option is unknown.
    """

    def __init__(self, channel: Channel = "grey", *, chromatic: bool = False) -> None:
        super().__init__()
        self.spec = self.describe(channel, chromatic=chromatic)
        self.channel = channel
        self.chromatic = chromatic

    @staticmethod
    def describe(channel: Channel = "grey", *, chromatic: bool = False) -> MetricSpec:
        """The specification of the metric with these options."""
        check_channel(channel, ("grey", "grey8", "y"))
        if not isinstance(chromatic, bool):
            raise UsageError(f"chromatic is {chromatic!r}; expected true or false.")
        return MetricSpec(
            name="ms_gmsdc" if chromatic else "ms_gmsd",
            title="Spread of the similarity of gradients over four scales"
            + (", and colour" if chromatic else ""),
            direction="lower",
            best=0.0,
            range=(0.0, 2.0 if chromatic else 1.0),
            unit="1",
            differentiable=True,
            symmetric=True,
            min_size=_MIN_SIZE,
            paper="Zhang, Sander and Bermak, ICASSP 2017, doi:10.1109/ICASSP.2017.7952357",
        )

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Score (N, 3, H, W) pairs: shape (N,), at least 0."""
        check_pair(x, y, min_size=self.spec.min_size)
        deviation = _deviation(select_channel(x, self.channel), select_channel(y, self.channel))
        return _join_colours(deviation, x, y) if self.chromatic else deviation
