"""DCT subband similarity (DSS)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from beholder.ops import stable
from beholder.ops.color import Channel, check_channel, select_channel
from beholder.ops.dct import dct_blocks, split_blocks
from beholder.ops.filters import gaussian_kernel
from beholder.ops.shapes import check_pair
from beholder.spec import MetricSpec

__all__ = ["DSS", "dss"]

_BLOCK = 8
_MIN_SIZE = 4 * _BLOCK  # of fewer than ten blocks, a twentieth is none
_SPREAD = 1.55
_SMALLEST_WEIGHT = 0.01
_WORST_SHARE = 0.05
_C_MEAN = 1000 / 255**2
_C_REST = 300 / 255**2


def _subband_weights() -> dict[int, float]:
    """Subbands that count, the mean's first, with their weights: a Gaussian of the frequency, of sum 1."""
    weights = {
        _BLOCK * down + across: math.exp(-((down + 0.5) ** 2 + (across + 0.5) ** 2) / (2 * _SPREAD**2))
        for down in range(_BLOCK)
        for across in range(_BLOCK)
    }
    kept = {subband: weight for subband, weight in weights.items() if weight >= _SMALLEST_WEIGHT}
    return {subband: weight / math.fsum(kept.values()) for subband, weight in kept.items()}


_WEIGHTS = _subband_weights()


def dss(x: Tensor, y: Tensor) -> Tensor:
    r"""DCT subband similarity between grey images.

    Blocks of 8x8 pixels are transformed; the coefficients of one frequency, a pixel a block, form a small image.
    Around each of its pixels the local deviations :math:`\sigma`, weighted by a 3x3 Gaussian of sigma 1.5, are
    compared,

    .. math:: \frac{2 \sigma_x \sigma_y + C}{\sigma_x^2 + \sigma_y^2 + C}

    and the worst twentieth of the pixels is averaged. The mean of the blocks is further multiplied with the average
    of the worst twentieth of

    .. math:: \frac{\sigma_{xy} + C}{\sigma_x \sigma_y + C}

    The score is the sum over the 17 lowest frequencies, weighted by a Gaussian of the frequency. Beyond the border
    coefficients count as 0. C is 1000 / 255^2 for the means of the blocks and 300 / 255^2 for the rest.

    Args:
        x: Distorted grey images, shape (N, 1, H, W), in [0, 1], H and W at least 32. Only whole blocks count.
        y: Reference images, same shape.

    Returns:
        One similarity per image, shape (N,), in (-1, 1]; 1 means identical, higher is better.

    Raises:
        ShapeError: If the shapes differ, a side is shorter than 32, or ``y`` leaves [0, 1].

    References:
        Balanov, Schwartz, Moshe and Peleg, "Image Quality Assessment Based on DCT Subband Similarity", ICIP 2015,
        doi:10.1109/ICIP.2015.7351172.
        Deviation from the authors' code: roots have gradient 0 at 0, so the gradient at x = y is finite.
    """
    check_pair(x, y, min_size=_MIN_SIZE, channels=1)
    return _score(*_similarities(x, y))


def _similarities(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Similarity of deviations in each subband, shape (N, 17, rows, columns), and of the means' structure."""
    coefficients = dct_blocks(split_blocks(torch.cat([x, y]), _BLOCK), list(_WEIGHTS))
    means, rest = coefficients[:, :1], coefficients[:, 1:]
    of_means, structure = _compare_means(*means.chunk(2))
    variance_x, variance_y = _local_variances(rest).chunk(2)
    return torch.cat([of_means, _compare(variance_x, variance_y, _C_REST)], 1), structure


def _compare(variance_x: Tensor, variance_y: Tensor, c: float) -> Tensor:
    return (2 * stable.sqrt(variance_x * variance_y) + c) / (variance_x + variance_y + c)


def _local_variances(subbands: Tensor) -> Tensor:
    images, channels, rows, columns = subbands.shape
    row = gaussian_kernel(3, 1.5, subbands)
    planes = 2 * images * channels
    kernel = torch.outer(row, row).expand(planes, 1, 3, 3)
    flat = torch.cat([subbands, subbands.square()]).view(1, planes, rows, columns)
    mean, mean_square = functional.conv2d(flat, kernel, padding=1, groups=planes).chunk(2, 1)
    return (mean_square - mean.square()).relu().view(subbands.shape)


def _compare_means(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Around the local mean: means of blocks are large, and their difference of squares would lose digits."""
    row = gaussian_kernel(3, 1.5, x)
    weights = torch.outer(row, row).view(1, 9)

    def deviations(means: Tensor) -> Tensor:
        around = functional.unfold(means, 3, padding=1)
        return around - weights @ around

    of_x, of_y = deviations(x), deviations(y)
    moments = weights @ torch.stack([of_x.square(), of_y.square(), of_x * of_y])
    variance_x, variance_y, covariance = moments.view(3, *x.shape)
    structure = (covariance + _C_MEAN) / (stable.sqrt(variance_x * variance_y) + _C_MEAN)
    return _compare(variance_x, variance_y, _C_MEAN), structure


def _score(similarity: Tensor, structure: Tensor) -> Tensor:
    places = similarity[0, 0].numel()
    worst = math.floor(_WORST_SHARE * places + 0.5)  # MATLAB's round() takes halves up

    def pool(values: Tensor) -> Tensor:
        # The largest of the negatives, not the smallest: topk counts NaN as large, and NaN must stay one.
        return -(-values.flatten(2)).topk(worst, sorted=False).values.mean(2)

    pooled = pool(similarity)
    pooled = torch.cat([pooled[:, :1] * pool(structure), pooled[:, 1:]], 1)
    return (pooled * torch.tensor([*_WEIGHTS.values()], dtype=pooled.dtype, device=pooled.device)).sum(1)


class DSS(nn.Module):
    """DSS on grey levels.

    Args:
        channel: ``"grey"``, ``"grey8"`` (rounded to 8 bits as MATLAB's ``rgb2gray`` does) or ``"y"``.

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
        check_channel(channel, ("grey", "grey8", "y"))
        return MetricSpec(
            name="dss",
            title="Similarity of local deviations of DCT coefficients",
            direction="higher",
            best=1.0,
            range=(-1.0, 1.0),
            unit="1",
            differentiable=True,
            symmetric=True,
            min_size=_MIN_SIZE,
            paper="Balanov et al., ICIP 2015, doi:10.1109/ICIP.2015.7351172",
            map_range=(1.0, 0.0),
        )

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Score (N, 3, H, W) pairs: shape (N,), in (-1, 1]."""
        return _score(*self._similarities(x, y))

    def score_and_map(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Scores, shape (N,), and each block's similarity before pooling, shape (N, 1, H // 8, W // 8)."""
        similarity, structure = self._similarities(x, y)
        of_means = similarity[:, :1] * structure
        weights = torch.tensor([*_WEIGHTS.values()], dtype=x.dtype, device=x.device).view(1, -1, 1, 1)
        blocks = (torch.cat([of_means, similarity[:, 1:]], 1) * weights).sum(1, keepdim=True)
        return _score(similarity, structure), blocks

    def _similarities(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        check_pair(x, y, min_size=self.spec.min_size)
        return _similarities(select_channel(x, self.channel), select_channel(y, self.channel))
