"""Multi-scale structural similarity (MS-SSIM)."""

from __future__ import annotations

from typing import Literal, get_args

import torch
from torch import Tensor, nn

from beholder.metrics.ssim import WINDOW, ssim_maps
from beholder.ops.color import Channel, check_channel, select_channel
from beholder.ops.pyramids import halve
from beholder.ops.shapes import check_pair
from beholder.spec import MetricSpec, UsageError

__all__ = ["MS_SSIM", "ms_ssim"]

Method = Literal["product", "wtd_sum"]

_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
# Four halvings, odd sizes rounded up, must leave the window's pixels.
_MIN_SIZE = (WINDOW - 1) * 2 ** (len(_WEIGHTS) - 1) + 1


def ms_ssim(x: Tensor, y: Tensor, *, method: Method = "product") -> Tensor:
    r"""Structural similarity over five scales, each half the size of the one before.

    .. math:: \prod_{j=1}^{4} \overline{cs_j}^{\,w_j} \cdot \overline{ssim_5}^{\,w_5}

    where :math:`cs` is the contrast-structure factor of SSIM and the bar is the mean over the image.

    Args:
        x: Distorted images, shape (N, C, H, W), in [0, 1], H and W at least 161.
        y: Reference images, same shape.
        method: ``"product"`` as above, the paper's; or ``"wtd_sum"``, the other choice that the authors'
            ``msssim.m`` offers: the sum of the factors, each times :math:`w_j / \sum_k w_k`.

    Returns:
        One index per image, mean over channels, shape (N,), in [0, 1], with ``wtd_sum`` in [-1, 1]; 1 means
        identical.

    Raises:
        ShapeError: If the shapes differ, a side is shorter than 161, or ``y`` leaves [0, 1].

    References:
        Wang, Simoncelli and Bovik, "Multi-scale Structural Similarity for Image Quality Assessment", Asilomar
        2003, doi:10.1109/ACSSC.2003.1292216. Deviation: a mean factor below 0 (the authors' code turns
        complex there) counts as 0, with gradient 0.
    """
    check_pair(x, y, min_size=_MIN_SIZE, channels=None)
    return _combine(_factors(x, y), method)


def _factors(x: Tensor, y: Tensor) -> Tensor:
    """The mean factor of each scale, shape (N, C, scales)."""
    factors = []
    for scale in range(len(_WEIGHTS)):
        if scale:
            x, y = halve(x), halve(y)
        index, structure = ssim_maps(x, y)
        last = scale == len(_WEIGHTS) - 1
        factors.append((index if last else structure).flatten(2).mean(2))
    return torch.stack(factors, dim=-1)


def _combine(factors: Tensor, method: Method) -> Tensor:
    weights = torch.tensor(_WEIGHTS).to(factors)
    if method == "wtd_sum":
        return (factors * weights / weights.sum()).sum(-1).mean(1)
    negative = factors <= 0
    return torch.where(negative, 0, torch.where(negative, 1, factors) ** weights).prod(-1).mean(1)


class MS_SSIM(nn.Module):  # noqa: N801 -- the field's spelling
    """MS-SSIM on grey, luma or RGB.

    Args:
        channel: ``"grey"`` (the paper's), ``"grey8"`` (rounded to 8 bits as MATLAB's ``rgb2gray`` does),
            ``"y"``, or ``"rgb"`` (mean over the three channels).
        method: ``"product"`` (the paper's) or ``"wtd_sum"``, see `ms_ssim`.

    Raises:
        UsageError: If an option is unknown.
    """

    def __init__(self, channel: Channel = "grey", *, method: Method = "product") -> None:
        super().__init__()
        self.spec = self.describe(channel, method=method)
        self.channel = channel
        self.method = method

    @staticmethod
    def describe(channel: Channel = "grey", *, method: Method = "product") -> MetricSpec:
        """The specification of the metric with these options."""
        check_channel(channel)
        if method not in get_args(Method):
            raise UsageError(f"method is {method!r}; expected one of {', '.join(get_args(Method))}.")
        return MetricSpec(
            name="ms_ssim",
            title="Structural similarity over five scales",
            direction="higher",
            best=1.0,
            range=(0.0 if method == "product" else -1.0, 1.0),
            unit="1",
            differentiable=True,
            symmetric=True,
            min_size=_MIN_SIZE,
            paper="Wang, Simoncelli and Bovik, Asilomar 2003, doi:10.1109/ACSSC.2003.1292216",
        )

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Score (N, 3, H, W) pairs: shape (N,), in [0, 1]; with ``wtd_sum`` in [-1, 1]."""
        check_pair(x, y, min_size=self.spec.min_size)
        factors = _factors(select_channel(x, self.channel), select_channel(y, self.channel))
        return _combine(factors, self.method)
