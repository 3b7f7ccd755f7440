"""Peak signal-to-noise ratio of what the eye can see in blocks (PSNR-HVS-M and PSNR-HVS)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from beholder.ops import stable
from beholder.ops.color import Channel, check_channel, select_channel
from beholder.ops.dct import dct_blocks, split_blocks
from beholder.ops.decibels import decibels
from beholder.ops.jpeg import LUMA_TABLE
from beholder.ops.shapes import check_pair
from beholder.spec import MetricSpec, UsageError

__all__ = ["PSNR_HVS_M", "psnr_hvs_m"]

_BLOCK = 8
# Both tables of the authors' code are functions of JPEG's own for luminance, printed there to six decimals.
_SENSITIVITY = [round(25.73509 / step, 6) for row in LUMA_TABLE for step in row]
_MASKING = [round((10 / step) ** 2, 6) for row in LUMA_TABLE for step in row]
_WORST = -20 * math.log10(max(_SENSITIVITY))


def psnr_hvs_m(x: Tensor, y: Tensor, *, masking: bool = True) -> Tensor:
    r"""Peak signal-to-noise ratio of the visible differences between the DCT coefficients of 8x8 blocks.

    With X and Y the coefficients of a block, C the eye's sensitivity to each of them, and the peak of the pictures
    at 1,

    .. math:: -10 \log_{10} \operatorname{mean}\left((C_{ij} \Delta_{ij})^2\right), \qquad
        \Delta_{ij} = \max\left(|X_{ij} - Y_{ij}| - \frac{\max(m_X, m_Y)}{M_{ij}}, 0\right)

    The mean lies between 0 and :math:`\max C^2`. What the block's own contrast hides is taken off first, except from
    its mean (i = j = 0):

    .. math:: m_X = \frac{1}{32} \sqrt{\delta_X \sum_{ij \ne 00} M_{ij} X_{ij}^2}

    where :math:`\delta` is the sum of the variances of the four quarters of the block divided by its own.

    Args:
        x: Distorted grey images, shape (N, 1, H, W), in [0, 1], H and W at least 8. Only whole blocks count.
        y: Reference images, same shape.
        masking: Take off what the block's contrast hides (PSNR-HVS-M); without, it is PSNR-HVS.

    Returns:
        One ratio per image, shape (N,), in dB, in [-8.2, inf]; higher is better, infinite where no difference is
        visible, and there the gradient is 0.

    Raises:
        ShapeError: If the shapes differ, a side is shorter than 8, or ``y`` leaves [0, 1].

    References:
        Ponomarenko et al., "On Between-coefficient Contrast Masking of DCT Basis Functions", VPQM 2007. Without
        masking: Egiazarian et al., "New Full-reference Quality Metrics Based on HVS", VPQM 2006.
        Deviation from the authors' code: it returns 100000 where no difference is visible.
    """
    check_pair(x, y, min_size=_BLOCK, channels=1)
    return _score(_block_errors(x, y, masking=masking))


def _score(errors: Tensor) -> Tensor:
    return decibels(errors.flatten(1).mean(1))


def _block_errors(x: Tensor, y: Tensor, *, masking: bool) -> Tensor:
    """Mean squared visible difference of each block, shape (N, 1, rows, columns)."""
    pixels = split_blocks(torch.cat([x - y, y]), _BLOCK)
    # The difference is transformed, not taken between coefficients, so that small ones keep their digits.
    difference, of_y = dct_blocks(pixels).chunk(2)
    visible = difference.abs()
    if masking:
        change, reference = pixels.chunk(2)
        hidden_x = _masking(change + reference, difference + of_y)
        hidden_y = _masking(reference, of_y)
        weights = [0.0, *(1 / weight for weight in _MASKING[1:])]
        visible = (visible - torch.maximum(hidden_x, hidden_y) * _per_coefficient(weights, x)).relu()
    return (visible * _per_coefficient(_SENSITIVITY, x)).square().mean(1, keepdim=True)


def _per_coefficient(weights: list[float], like: Tensor) -> Tensor:
    return torch.tensor(weights, dtype=like.dtype, device=like.device).view(1, -1, 1, 1)


def _masking(pixels: Tensor, coefficients: Tensor) -> Tensor:
    """What each block hides, m above, shape (N, 1, rows, columns)."""
    # Without the mean, the coefficients' squares have the sum of the squared deviations of the pixels.
    weights = torch.tensor(
        [[0.0, *_MASKING[1:]], [0.0, *(1.0 for _ in _MASKING[1:])]], dtype=pixels.dtype, device=pixels.device
    )
    images, _, rows, columns = coefficients.shape
    sums = (weights @ coefficients.square().flatten(2)).view(images, 2, rows, columns)
    energy, whole = sums.chunk(2, 1)
    quarters = pixels.reshape(images, 2, _BLOCK // 2, 2, _BLOCK // 2, rows, columns)
    inside = (quarters - quarters.mean((2, 4), keepdim=True)).square().flatten(1, 4).sum(1, keepdim=True)
    flat = whole == 0
    # Unbiased variances: the quarters divide by 15, and the block by 63.
    evenness = (16 / 15) / (64 / 63) * inside / torch.where(flat, 1, whole)
    return stable.sqrt(torch.where(flat, 0, energy * evenness)) / 32


class PSNR_HVS_M(nn.Module):  # noqa: N801 -- the field's spelling
    """PSNR-HVS-M on grey levels, and PSNR-HVS.

    Args:
        channel: ``"grey"``, ``"grey8"`` (rounded to 8 bits as MATLAB's ``rgb2gray`` does) or ``"y"``.
        masking: Take off what a block's own contrast hides; without, the measure is PSNR-HVS.

    Raises:
        UsageError: If ``channel`` is unknown or ``masking`` is neither true nor false.
    """

    def __init__(self, channel: Channel = "grey", *, masking: bool = True) -> None:
        super().__init__()
        self.spec = self.describe(channel, masking=masking)
        self.channel = channel
        self.masking = masking

    @staticmethod
    def describe(channel: Channel = "grey", *, masking: bool = True) -> MetricSpec:
        """The specification of the metric with these options."""
        check_channel(channel, ("grey", "grey8", "y"))
        if not isinstance(masking, bool):
            raise UsageError(f"masking is {masking!r}; expected true or false.")
        return MetricSpec(
            name="psnr_hvs_m" if masking else "psnr_hvs",
            title="PSNR of DCT coefficients as the eye weighs them"
            + (", less what contrast hides" if masking else ""),
            direction="higher",
            best=math.inf,
            range=(_WORST, math.inf),
            unit="dB",
            differentiable=True,
            symmetric=True,
            min_size=_BLOCK,
            paper="Ponomarenko et al., VPQM 2007" if masking else "Egiazarian et al., VPQM 2006",
            map_range=(0.0, 0.25),
        )

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Score (N, 3, H, W) pairs: shape (N,), in dB."""
        return _score(self._errors(x, y))

    def score_and_map(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Scores, shape (N,), and the root mean square visible error of each block, shape (N, 1, H//8, W//8)."""
        errors = self._errors(x, y)
        return _score(errors), stable.sqrt(errors)

    def _errors(self, x: Tensor, y: Tensor) -> Tensor:
        check_pair(x, y, min_size=self.spec.min_size)
        x, y = select_channel(x, self.channel), select_channel(y, self.channel)
        return _block_errors(x, y, masking=self.masking)
