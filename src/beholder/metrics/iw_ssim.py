"""Structural similarity weighted by information content (IW-SSIM)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from beholder.metrics.ssim import WINDOW, ssim_maps
from beholder.ops.binomial_pyramid import binomial_pyramid
from beholder.ops.color import Channel, check_channel, select_channel
from beholder.ops.scale_mixture import covariance, information, strengths
from beholder.ops.shapes import check_pair
from beholder.spec import MetricSpec

__all__ = ["IW_SSIM", "iw_ssim"]

_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
_LEVELS = len(_WEIGHTS)
_NOISE = 0.4 / 255**2  # the variance of the eye's noise, in squared intensity
_FLAT = 1e-6  # a deviation below this, which pictures rounded to float32 have in even slopes, counts as none
_BORDER = (WINDOW - 3) // 2  # what the window of SSIM loses and the 3x3 neighbourhood does not
_MIN_SIZE = (WINDOW - 1) * 2 ** (_LEVELS - 1) + 1


def iw_ssim(x: Tensor, y: Tensor) -> Tensor:
    r"""Multi-scale structural similarity, each place weighted by the information that it holds.

    .. math::
        \prod_{j=1}^{5} \left(\frac{\sum_i w_{ji} \, cs_{ji}}{\sum_i w_{ji}}\right)^{\beta_j}, \qquad
        w = \sum_{k=1}^{K} \log\left(1 + \frac{\sigma_v^2}{\sigma_n^2}
        + \frac{\sigma_v^2 + (1 + g^2) \sigma_n^2}{\sigma_n^4} s^2 \lambda_k\right)

    where :math:`cs` is the contrast-structure factor of SSIM (at the last scale: SSIM, unweighted) between levels
    of binomial Laplacian pyramids and :math:`\beta` are the weights of MS-SSIM, with sum 1. In 3x3 pixels x is taken for
    :math:`g y` with noise of variance :math:`\sigma_v^2`; :math:`\lambda_k` are the eigenvalues of the covariance C
    of y's neighbourhoods u, which are 3x3 pixels and, at the first three scales, the pixel of the next coarser level
    (K = 9 or 10); :math:`s^2 = u^T C^{-1} u / K`; :math:`\sigma_n^2` is 0.4 squared grey levels of 255.

    Args:
        x: Distorted grey images, shape (N, 1, H, W), in [0, 1], H and W at least 161.
        y: Reference images, same shape.

    Returns:
        One index per image, shape (N,), in [0, 1]; 1 means identical.

    Raises:
        ShapeError: If the shapes differ, a side is shorter than 161, or ``y`` leaves [0, 1].

    References:
        Wang and Li, "Information Content Weighting for Perceptual Image Quality Assessment", IEEE TIP 2011,
        doi:10.1109/TIP.2010.2092435; details are those of the authors' ``iwssim.m``. Deviations from it: a mean
        factor below 0, where it turns complex, counts as 0; a reference without any structure, where it divides 0
        by 0, is weighted evenly; 3x3 pixels count as flat below a deviation of 0.00026 grey levels, not 3e-8;
        sides from 161 to 175 are measured too.
    """
    check_pair(x, y, min_size=_MIN_SIZE, channels=1)
    # The levels but the last do not see a constant; without it they lose fewer digits.
    centre = y.mean((1, 2, 3), keepdim=True).detach()
    levels = [level.chunk(2) for level in binomial_pyramid(torch.cat([x - centre, y - centre]), _LEVELS)]
    factors = []
    for scale, (of_x, of_y) in enumerate(levels[:-1]):
        parent = levels[scale + 1][1] if scale < _LEVELS - 2 else None
        weights = _information(of_x, of_y, parent, 2.0**scale)
        structure = ssim_maps(of_x, of_y)[1]
        factors.append((weights * structure).flatten(1).sum(1) / weights.flatten(1).sum(1))
    low_x, low_y = (level + 2 ** (_LEVELS - 1) * centre for level in levels[-1])
    factors.append(ssim_maps(low_x, low_y)[0].flatten(1).mean(1))
    return _combine(torch.stack(factors, -1))


def _combine(factors: Tensor) -> Tensor:
    negative = factors <= 0
    exponents = torch.tensor(_WEIGHTS).to(factors) / sum(_WEIGHTS)
    powers = torch.where(negative, 1, factors) ** exponents
    return torch.where(negative, 0, powers).prod(-1)


def _information(x: Tensor, y: Tensor, parent: Tensor | None, gain: float) -> Tensor:
    """The information weight of every place of SSIM's window, in nats, at a level of strength ``gain``."""
    inner = y[..., _BORDER:-_BORDER, _BORDER:-_BORDER]
    slope, noise = _distortion(x[..., _BORDER:-_BORDER, _BORDER:-_BORDER] - inner, inner, gain)
    vectors = _neighbourhoods(y, parent)
    spread = covariance(vectors)
    height, width = y.shape[-2:]
    strength = strengths(vectors, spread).view(-1, 1, height - 2, width - 2)
    strength = strength[..., _BORDER:-_BORDER, _BORDER:-_BORDER]
    # 1 + b + a l = (1 + b) (1 + a / (1 + b) l), so that b needs one logarithm for all eigenvalues.
    scaled = (noise + (1 + slope * slope) * _NOISE) / (_NOISE * (noise + _NOISE)) * strength
    weight = spread.shape[-1] * torch.log1p(noise / _NOISE)
    weight = weight + information(scaled.flatten(1), spread).view_as(weight)
    return weight + 1e-12  # even where there is no information at all


def _distortion(difference: Tensor, y: Tensor, gain: float) -> tuple[Tensor, Tensor]:
    """Least squares of x on y in 3x3 pixels: its slope, and the variance that is left."""
    # Found from x - y, which loses no digits where x is nearly y.
    planes = torch.cat([y, difference, y * y, difference * difference, y * difference])
    mean_y, mean_d, square_y, square_d, product = _average(planes).chunk(5)
    variance_y = (square_y - mean_y * mean_y).clamp(min=0)
    variance_d = (square_d - mean_d * mean_d).clamp(min=0)
    joint = product - mean_y * mean_d
    variance_x = (variance_y + 2 * joint + variance_d).clamp(min=0)
    threshold = (_FLAT * gain) ** 2
    flat = variance_y < threshold
    slope = joint / torch.where(flat, 1, variance_y)
    noise = torch.minimum((variance_d - slope * joint).clamp(min=0), variance_x)
    empty = variance_x < threshold
    slope = torch.where(flat | empty, 0, 1 + slope)
    return slope, torch.where(empty, 0, torch.where(flat, variance_x, noise))


def _average(planes: Tensor) -> Tensor:
    rows = planes[..., :-2, :] + planes[..., 1:-1, :] + planes[..., 2:, :]
    return (rows[..., :-2] + rows[..., 1:-1] + rows[..., 2:]) / 9


def _neighbourhoods(y: Tensor, parent: Tensor | None) -> Tensor:
    """Every 3x3 pixels of y with the coarser level's pixel, shape (N, 9 or 10, (H - 2) (W - 2))."""
    height, width = y.shape[-2:]
    vectors = functional.unfold(y, 3)
    if parent is None:
        return vectors
    wide = _double(_double(parent, height).mT, width).mT
    return torch.cat([vectors, wide[..., 1:-1, 1:-1].flatten(2)], 1)


def _double(x: Tensor, rows: int) -> Tensor:
    """Linear interpolation at the places of the authors' ``imenlarge2``, cut to that number of rows."""
    size = x.shape[-2]
    places = (2 * torch.arange(rows, dtype=torch.float64) - 0.5) * (size / (4 * size - 3)) - 0.5
    places = places.clamp(0, size - 1)
    below = places.floor().clamp(max=size - 2)
    share = (places - below).to(x)[:, None]
    below = below.long().to(x.device)
    first, second = x.index_select(-2, below), x.index_select(-2, below + 1)
    return first + share * (second - first)


class IW_SSIM(nn.Module):  # noqa: N801 -- the field's spelling
    """IW-SSIM on grey levels.

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
            name="iw_ssim",
            title="Structural similarity over five scales, weighted by information content",
            direction="higher",
            best=1.0,
            range=(0.0, 1.0),
            unit="1",
            differentiable=True,
            symmetric=False,
            min_size=_MIN_SIZE,
            paper="Wang and Li, IEEE TIP 2011, doi:10.1109/TIP.2010.2092435",
        )

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Score (N, 3, H, W) pairs: shape (N,), in [0, 1]."""
        check_pair(x, y, min_size=self.spec.min_size)
        return iw_ssim(select_channel(x, self.channel), select_channel(y, self.channel))
