"""Gradient magnitude similarity deviation (GMSD)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from beholder.ops import stable
from beholder.ops.color import Channel, check_channel, select_channel
from beholder.ops.gradients import prewitt
from beholder.ops.shapes import check_pair
from beholder.ops.shrinking import shrink
from beholder.ops.similarity import similarity_of_magnitudes
from beholder.spec import MetricSpec

__all__ = ["GMSD", "gmsd", "gmsd_map", "gradient_similarity", "variance"]

_C = 170 / 255**2
_MIN_SIZE = 3  # a deviation needs two pixels after halving


def gmsd_map(x: Tensor, y: Tensor, *, c: float = _C) -> Tensor:
    r"""Gradient magnitude similarity at half resolution.

    .. math:: \frac{2 m_x m_y + c}{m_x^2 + m_y^2 + c}

    where :math:`m` is the Prewitt gradient magnitude after averaging blocks of 2x2 pixels. Beyond the
    border the image counts as 0, in both steps, as in the authors' code.

    Args:
        x: Distorted grey images, shape (N, 1, H, W), in [0, 1].
        y: Reference images, same shape.
        c: Stabiliser, in squared intensity.

    Returns:
        Shape (N, 1, ceil(H / 2), ceil(W / 2)), in (0, 1]; 1 where the gradients agree.
    """
    return gradient_similarity(shrink(x, 2), shrink(y, 2), c=c)


def gradient_similarity(x: Tensor, y: Tensor, *, c: float = _C, masking: float = 0.0) -> Tensor:
    r"""Similarity of the Prewitt gradient magnitudes m, counting 0 beyond the border.

    .. math:: \frac{(2 - \alpha) m_x m_y + c}{m_x^2 + m_y^2 - \alpha m_x m_y + c}

    Args:
        x: Distorted grey images, shape (N, 1, H, W), in [0, 1].
        y: Reference images, same shape.
        c: Stabiliser, in squared intensity.
        masking: The :math:`\alpha`, at least 0 and below 2: how much gradients of both hide their difference.

    Returns:
        Shape (N, 1, H, W), in (0, 1]; 1 where the gradients agree.
    """
    across, down = prewitt(torch.cat([x, y]))
    squared_x, squared_y = (across * across + down * down).chunk(2)
    return similarity_of_magnitudes(squared_x, squared_y, c, masking=masking)


def gmsd(x: Tensor, y: Tensor, *, c: float = _C) -> Tensor:
    """Gradient magnitude similarity deviation between grey images: the map's standard deviation.

    Args:
        x: Distorted grey images, shape (N, 1, H, W), in [0, 1], H and W at least 3.
        y: Reference images, same shape.
        c: Stabiliser, in squared intensity.

    Returns:
        One deviation per image, shape (N,), in [0, 1); 0 means identical, lower is better.

    Raises:
        ShapeError: If the shapes differ, a side is shorter than 3, or ``y`` leaves [0, 1].

    References:
        Xue et al., "Gradient Magnitude Similarity Deviation", IEEE TIP 2014, doi:10.1109/TIP.2013.2293423.
        As the authors' ``std2``, the deviation divides by one less than the number of pixels. Deviation
        from their code: roots have gradient 0 at 0, so the gradient at x = y is finite.
    """
    check_pair(x, y, min_size=_MIN_SIZE, channels=1)
    return _deviation(gmsd_map(x, y, c=c))


def _deviation(similarity: Tensor) -> Tensor:
    return stable.sqrt(variance(similarity, correction=1))


def variance(similarity: Tensor, *, correction: int) -> Tensor:
    """Variance of each image's map, divided by ``correction`` less than the number of pixels; shape (N,)."""
    flat = similarity.flatten(1)
    # A sixth of the time of torch.var.
    return (flat - flat.mean(1, keepdim=True)).square().sum(1) / (flat.shape[1] - correction)


class GMSD(nn.Module):
    """GMSD on grey levels.

    Args:
        channel: ``"grey"``, ``"grey8"`` (rounded to 8 bits as MATLAB's ``rgb2gray`` does) or ``"y"``.
    """

    def __init__(self, channel: Channel = "grey") -> None:
        super().__init__()
        self.spec = self.describe(channel)
        self.channel = channel

    @staticmethod
    def describe(channel: Channel = "grey") -> MetricSpec:
        """The specification of the metric with these options."""
        check_channel(channel, ("grey", "grey8", "y"))
        return MetricSpec(
            name="gmsd",
            title="Spread of the similarity of gradient magnitudes",
            direction="lower",
            best=0.0,
            range=(0.0, 1.0),
            unit="1",
            differentiable=True,
            symmetric=True,
            min_size=_MIN_SIZE,
            paper="Xue et al., IEEE TIP 2014, doi:10.1109/TIP.2013.2293423",
            map_range=(1.0, 0.0),
        )

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Score (N, 3, H, W) pairs: shape (N,), in [0, 1)."""
        return self.score_and_map(x, y)[0]

    def score_and_map(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Scores, shape (N,), and the gradient magnitude similarity, shape (N, 1, ceil(H/2), ceil(W/2))."""
        check_pair(x, y, min_size=self.spec.min_size)
        similarity = gmsd_map(select_channel(x, self.channel), select_channel(y, self.channel))
        return _deviation(similarity), similarity
