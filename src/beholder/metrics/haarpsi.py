"""Haar wavelet-based perceptual similarity index (HaarPSI)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from beholder.ops.color import YIQ_CHROMA, YIQ_LUMA, mix_channels
from beholder.ops.haar import haar_responses
from beholder.ops.shapes import check_pair
from beholder.ops.shrinking import shrink
from beholder.spec import MetricSpec

__all__ = ["HaarPSI", "haarpsi", "haarpsi_maps"]

_C = 30 / 255**2
_ALPHA = 4.2
_MIN_SIZE = 16  # the largest wavelet, after halving


def haarpsi_maps(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    r"""Similarity of Haar wavelet responses and of colours at half resolution, and their weights.

    .. math:: \frac{2 |a| |b| + C}{a^2 + b^2 + C}, \qquad C = 30 / 255^2

    For change downwards and to the right, a and b are responses to wavelets of 2 and of 4 pixels, the mean of both
    similarities counts, and the weight is the larger response to the wavelet of 8 pixels. For colour, a and b are
    means over 2x2 pixels of I, and of Q, of YIQ, and the weight is the mean of the other two. Beyond the border
    the image counts as 0, in all steps, as in the authors' code.

    Args:
        x: Distorted images, shape (N, 3, H, W), in [0, 1].
        y: Reference images, same shape.

    Returns:
        Two of shape (N, 3, ceil(H / 2), ceil(W / 2)): the similarity, in (0, 1], and the weight, at least 0.
    """
    both = shrink(torch.cat([x, y]), 2)
    fine, middle, coarse = haar_responses(mix_channels(both, (YIQ_LUMA,)), 3)
    edges = (_similarity(fine) + _similarity(middle)) / 2
    # conv2's 2x2 box reaches one pixel down and right.
    colours = functional.avg_pool2d(functional.pad(mix_channels(both, YIQ_CHROMA), (0, 1, 0, 1)), 2, stride=1)
    similarity = torch.cat([edges, _similarity(colours).mean(1, keepdim=True)], 1)
    weight = torch.maximum(*coarse.abs().chunk(2))
    return similarity, torch.cat([weight, weight.mean(1, keepdim=True)], 1)


def _similarity(both: Tensor) -> Tensor:
    a, b = both.chunk(2)
    return (2 * (a * b).abs() + _C) / (a * a + b * b + _C)


def haarpsi(x: Tensor, y: Tensor) -> Tensor:
    r"""Haar wavelet-based perceptual similarity.

    .. math::
        \left( l^{-1} \left( \frac{\sum w \, l(s)}{\sum w} \right) \right)^2,
        \qquad l(s) = \frac{1}{1 + e^{-4.2 s}}

    over the places and the three maps of `haarpsi_maps`: similarities s with weights w.

    Args:
        x: Distorted images, shape (N, 3, H, W), in [0, 1], H and W at least 16.
        y: Reference images, same shape.

    Returns:
        One index per image, shape (N,), in (0, 1]; 1 means identical, higher is better. Where all weights are 0,
        both images being black, 1.

    Raises:
        ShapeError: If the shapes differ, a side is shorter than 16, or ``y`` leaves [0, 1].

    References:
        Reisenhofer et al., "A Haar Wavelet-Based Perceptual Similarity Index for Image Quality Assessment", Signal
        Processing: Image Communication 2018, doi:10.1016/j.image.2017.11.001.
    """
    check_pair(x, y, min_size=_MIN_SIZE)
    return _pool(*haarpsi_maps(x, y))


def _pool(similarity: Tensor, weight: Tensor) -> Tensor:
    # l(-s) = 1 - l(s) is small for likely similarities, and so keeps more digits.
    unlike = torch.sigmoid(-_ALPHA * similarity).flatten(1)
    weight = weight.flatten(1)
    total = weight.sum(1)
    nothing = total < torch.finfo(total.dtype).tiny
    mean = (weight * unlike).sum(1) / torch.where(nothing, 1, total)
    mean = torch.where(nothing, unlike.mean(1), mean)
    return ((torch.log1p(-mean) - mean.log()) / _ALPHA).square()


class HaarPSI(nn.Module):
    """HaarPSI, on RGB."""

    def __init__(self) -> None:
        super().__init__()
        self.spec = self.describe()

    @staticmethod
    def describe() -> MetricSpec:
        """The specification of the metric."""
        return MetricSpec(
            name="haarpsi",
            title="Similarity of Haar wavelet responses and colours",
            direction="higher",
            best=1.0,
            range=(0.0, 1.0),
            unit="1",
            differentiable=True,
            symmetric=True,
            min_size=_MIN_SIZE,
            paper="Reisenhofer et al., Signal Processing: Image Communication 2018, doi:10.1016/j.image.2017.11.001",
            map_range=(1.0, 0.0),
        )

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Score (N, 3, H, W) pairs: shape (N,), in (0, 1]."""
        check_pair(x, y, min_size=self.spec.min_size)
        return _pool(*haarpsi_maps(x, y))

    def score_and_map(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Scores, shape (N,), and the mean of the three similarities, shape (N, 1, ceil(H/2), ceil(W/2))."""
        check_pair(x, y, min_size=self.spec.min_size)
        similarity, weight = haarpsi_maps(x, y)
        return _pool(similarity, weight), similarity.mean(1, keepdim=True)
