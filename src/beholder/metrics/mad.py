"""Most apparent distortion (MAD)."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from beholder.ops import stable
from beholder.ops.color import Channel, check_channel, select_channel
from beholder.ops.log_gabor import log_gabor_bank
from beholder.ops.moments import Moments, block_moments, double_blocks
from beholder.ops.shapes import check_pair
from beholder.spec import MetricSpec

__all__ = ["MAD", "mad"]

_CELL = 4  # blocks of 16x16 lie 4 pixels apart
_BLOCK = 16
_MIN_SIZE = 2 * _BLOCK + 2  # one pixel stays when the borders are cut away
_LIGHTNESS = (0.02874, 2.2 / 3)  # factor and exponent of grey levels in [0, 255]
_DARKEST = 0.5  # mean lightness below which nothing is seen
_FAINTEST = math.exp(-5)  # contrast below which nothing is seen or masks
_CYCLES_PER_DEGREE = 32  # of the highest frequency of a row
_DETECTION_SCALE = 200
_SCALE_WEIGHTS = (0.5, 0.75, 1, 5, 6)
_ORIENTATIONS = 4
_FLAT = 1e-6  # grey levels; rounding leaves less of flat pictures than this, and 8-bit ones have far more
_BLEND_FACTOR = math.exp(-2.55 / 3.35)
_BLEND_POWER = 1 / (math.log(10) * 3.35)


def mad(x: Tensor, y: Tensor) -> Tensor:
    r"""Most apparent distortion of grey images.

    People look for distortions where these are faint, and past them where they are strong. Two measures stand for
    the two strategies, and the first one's size blends them:

    .. math:: d_1^{\alpha} \, d_2^{1 - \alpha}, \qquad \alpha = \frac{1}{1 + 0.467 \, d_1^{0.130}}

    :math:`d_1` is 200 times the root mean square of the local squared error, weighted by how far the local contrast
    of the error, seen through the eye's contrast sensitivity, is above what the reference masks. :math:`d_2` is the
    root mean square of the differences between the standard deviations, skewnesses (twice) and kurtoses of 20
    log-Gabor subbands. All local statistics are those of blocks of 16x16 pixels, 4 apart.

    Computed in double precision, whatever the type of the images: skewness and kurtosis of faint subbands
    keep no digits in single precision.

    Args:
        x: Distorted grey images, shape (N, 1, H, W), in [0, 1], H and W at least 34.
        y: Reference images, same shape.

    Returns:
        One index per image, shape (N,), in [0, inf); 0 means that nothing is visible, lower is better.

    Raises:
        ShapeError: If the shapes differ, a side is shorter than 34, or ``y`` leaves [0, 1].

    References:
        Larson and Chandler, "Most Apparent Distortion: Full-reference Image Quality Assessment and the Role of
        Strategy", Journal of Electronic Imaging 2010, doi:10.1117/1.3267105.
        Deviations from the authors' code: skewness and kurtosis of blocks whose deviation is below a millionth of a
        grey level count as 0; an odd side's frequencies are centred; roots and powers have gradient 0 at 0.
    """
    check_pair(x, y, min_size=_MIN_SIZE, channels=1)
    x, y, dtype = 255 * x.double(), 255 * y.double(), x.dtype
    return _blend(_detection(x, y), _appearance(x, y)).to(dtype)


def _blend(detection: Tensor, appearance: Tensor) -> Tensor:
    nothing = (detection == 0) | (appearance == 0)
    log_detection = torch.where(nothing, 1, detection).log()
    log_appearance = torch.where(nothing, 1, appearance).log()
    share = 1 / (1 + _BLEND_FACTOR * (_BLEND_POWER * log_detection).exp())
    return torch.where(nothing, 0, (share * log_detection + (1 - share) * log_appearance).exp())


def _root_mean_square(cells: Tensor, pixels: Tensor | float, height: int, width: int) -> Tensor:
    """Of what stands for 4x4 pixels each, times the pixels' own share, without the outer 16 pixels."""
    across = cells.repeat_interleave(_CELL, -2).repeat_interleave(_CELL, -1)
    inside = across[..., _BLOCK : height - _BLOCK - 1, _BLOCK : width - _BLOCK - 1] * pixels
    return stable.sqrt(inside.square().mean((1, 2, 3)))


def _deviation(moments: Moments) -> Tensor:
    return stable.sqrt(moments.second / (moments.pixels - 1))


def _detection(x: Tensor, y: Tensor) -> Tensor:
    height, width = x.shape[-2:]
    reference = _perceived(y)
    error = _perceived(x) - reference
    of_error = double_blocks(double_blocks(block_moments(error, _CELL), 1), 2)
    quarters = double_blocks(block_moments(reference, _CELL), 1)
    mean = double_blocks(quarters, 2).mean
    rows, columns = mean.shape[-2:]
    deviation = _deviation(quarters)
    # An edge through the block hides nothing in the quarters that it leaves flat.
    masking = torch.stack(
        [deviation[..., i : i + rows, j : j + columns] for i in (0, 2) for j in (0, 2)]
    ).amin(0)
    dark = mean < _DARKEST
    threshold = torch.maximum(masking, _FAINTEST * torch.where(dark, 1, mean))
    visible = torch.where(dark, 0, (_deviation(of_error) / threshold).clamp_min(1).log())
    squared = functional.avg_pool2d((x - y).square(), _BLOCK, 1)
    # The block around pixel i begins 7 pixels before it.
    squared = squared[..., _BLOCK - 7 : height - _BLOCK - 8, _BLOCK - 7 : width - _BLOCK - 8]
    return _root_mean_square(visible, _DETECTION_SCALE * squared, height, width)


def _perceived(grey: Tensor) -> Tensor:
    """Lightness through the eye's contrast sensitivity."""
    factor, exponent = _LIGHTNESS
    black = grey <= 0
    lightness = factor * torch.where(black, 0, torch.where(black, 1, grey).pow(exponent))
    height, width = grey.shape[-2:]
    seen = torch.fft.rfft2(lightness) * _sensitivity(height, width, grey)
    perceived: Tensor = torch.fft.irfft2(seen, s=(height, width))
    return perceived


def _sensitivity(height: int, width: int, like: Tensor) -> Tensor:
    """Contrast sensitivity, laid out as the output of ``torch.fft.rfft2``.

    On even sides the authors' grid lies half a step beside the frequencies, so a frequency and its opposite differ;
    of a real picture the real part then sees their mean.
    """
    down, opposite_down = _frequencies(height, height, like)
    across, opposite_across = _frequencies(width, width // 2 + 1, like)
    # Both sides are divided by the width, as the authors do.
    scale = 2 * _CYCLES_PER_DEGREE / width
    forward = _sensitivity_at(scale * down[:, None], scale * across)
    return (forward + _sensitivity_at(scale * opposite_down[:, None], scale * opposite_across)) / 2


def _frequencies(size: int, count: int, like: Tensor) -> tuple[Tensor, Tensor]:
    """The first ``count`` places of a side on the authors' grid, and those of the opposite frequencies."""
    places = torch.arange(count, device=like.device)
    half = size // 2
    shift = 0.0 if size % 2 else 0.5
    signed, opposite = (places + half) % size - half, (half - places) % size - half
    return signed.to(like.dtype) + shift, opposite.to(like.dtype) + shift


def _sensitivity_at(down: Tensor, across: Tensor) -> Tensor:
    # Oblique frequencies are seen about 3 dB worse.
    oblique = 0.15 * (4 * torch.atan2(down, across)).cos() + 0.85
    frequency = (down.square() + across.square()).sqrt() / oblique
    falling = 2.6 * (0.0192 + 0.114 * frequency) * torch.exp(-((0.114 * frequency) ** 1.1))
    return torch.where(frequency < 7.8909, 0.9809, falling)


class _Statistics(NamedTuple):
    deviation: Tensor
    skewness: Tensor
    kurtosis: Tensor


def _statistics(subband: Tensor) -> _Statistics:
    moments = double_blocks(double_blocks(block_moments(subband, _CELL), 1), 2)
    variance = moments.second / moments.pixels
    flat = variance < _FLAT**2
    safe = torch.where(flat, 1, variance)
    skewness = moments.third / moments.pixels / safe**1.5
    kurtosis = moments.fourth / moments.pixels / safe**2
    return _Statistics(_deviation(moments), torch.where(flat, 0, skewness), torch.where(flat, 0, kurtosis))


def _appearance(x: Tensor, y: Tensor) -> Tensor:
    height, width = x.shape[-2:]
    even, odd = log_gabor_bank(
        height,
        width,
        wavelengths=[3.0 ** (scale + 1) for scale in range(len(_SCALE_WEIGHTS))],
        orientations=_ORIENTATIONS,
        bandwidth=0.55,
        angular_spread=math.pi / _ORIENTATIONS / 1.5,
        low_pass=False,
        like=x,
    )
    pictures = torch.cat([x, y])
    # The filters answer nothing to the mean; without it, flat pictures leave less rounding behind.
    spectrum = torch.fft.rfft2(pictures - pictures.mean((2, 3), keepdim=True))
    difference = torch.zeros((), dtype=x.dtype, device=x.device)
    for scale, weight in enumerate(_SCALE_WEIGHTS):
        for orientation in range(_ORIENTATIONS):
            # The odd part stands for the imaginary one, as a real picture.
            filters = torch.stack([even[orientation, scale], 1j * odd[orientation, scale]])
            parts = torch.fft.irfft2(spectrum * filters[:, None, None], s=(height, width))
            amplitude = stable.sqrt(parts.square().sum(0))
            of_x, of_y = zip(*(each.chunk(2) for each in _statistics(amplitude)), strict=True)
            deviation, skewness, kurtosis = ((a - b).abs() for a, b in zip(of_x, of_y, strict=True))
            share = weight / sum(_SCALE_WEIGHTS)
            difference = difference + share * (deviation + 2 * skewness + kurtosis)
    return _root_mean_square(difference, 1.0, height, width)


class MAD(nn.Module):
    """MAD on grey levels.

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
            name="mad",
            title="Visible error where faint, changed local statistics where strong",
            direction="lower",
            best=0.0,
            range=(0.0, math.inf),
            unit="1",
            differentiable=True,
            symmetric=False,
            min_size=_MIN_SIZE,
            paper="Larson and Chandler, Journal of Electronic Imaging 2010, doi:10.1117/1.3267105",
        )

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Score (N, 3, H, W) pairs: shape (N,), in [0, inf)."""
        check_pair(x, y, min_size=self.spec.min_size)
        grey_x, grey_y = (select_channel(picture.double(), self.channel) for picture in (x, y))
        return mad(grey_x, grey_y).to(x.dtype)
